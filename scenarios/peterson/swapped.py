"""Peterson's algorithm with its two writes swapped lets both in.

The same three lines as `peterson/peterson`, but the board is written before the flag is raised.
Process 0 writes the board and pauses. Process 1 writes the board too, raises its flag, sees no flag
of process 0 and goes in. Now process 0 raises its flag and looks: the board still shows what
process 1 wrote, its own number, so it goes in as well.

Two writes to different variables, and their order decides. A compiler or a processor that swaps
them breaks the program in just this way.
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
        turn = other
        wants[me] = True
        while wants[other] and turn == other:
            pass
        with region("critical"):
            pass
        wants[me] = False


@always
def never_both_inside():
    return len(inside("critical")) <= 1


expect(
    verdicts={"never_both_inside": "violated", "livelock": "holds"},
    deadlock="holds",
    races={"turn", "wants[0]", "wants[1]"},
)
expect("statement", verdicts={"never_both_inside": "violated", "livelock": "holds"}, deadlock="holds")
# The two writes have no poll between them, and their order does not matter then.
expect("cpython-3.12", verdicts={"never_both_inside": "holds", "livelock": "holds"}, deadlock="holds")
expect("free-threaded", verdicts={"never_both_inside": "violated", "livelock": "holds"}, deadlock="holds")
