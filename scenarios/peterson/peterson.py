"""Peterson's algorithm: raise your flag, then let the other go first.

Mutual exclusion for two processes with reads and writes alone, in three lines (Peterson 1981). Say
that you want in; then put the other's number on the board; then wait while the other wants in *and*
the board shows the other. If both want in, the board shows whatever was written last, and whoever
wrote last waits.

The order of the two writes is everything: see `peterson/swapped`.
"""

from lab.scenario import always, expect, inside, region, thread

ROUNDS = 1

wants = [False, False]
turn = 0


@thread(each=range(2))
def process(me):
    global turn
    other = 1 - me
    for _ in range(ROUNDS):
        wants[me] = True
        turn = other
        while wants[other] and turn == other:
            pass
        with region("critical"):
            pass
        wants[me] = False


@always
def never_both_inside():
    return len(inside("critical")) <= 1


expect(
    schedules="infinite",
    verdicts={"never_both_inside": "holds", "livelock": "holds"},
    deadlock="holds",
    races={"turn", "wants[0]", "wants[1]"},
)
expect(set={"ROUNDS": 2}, verdicts={"never_both_inside": "holds", "livelock": "holds"}, deadlock="holds")
expect("statement", verdicts={"never_both_inside": "holds", "livelock": "holds"}, deadlock="holds")
