"""Dekker's algorithm: insist when it is your turn, give way when it is not.

The top of the ladder, and the first solution of mutual exclusion for two processes with reads and
writes alone (Dekker, about 1960; told by Dijkstra in 1965). The flags of the fourth rung keep the
two apart; the board of the first rung decides who gives way, but only when both want in. Who is not
on the board lowers its flag and waits until it is, so the other one gets through, and then it is
the other way round.
"""

from lab.scenario import always, eventually, expect, inside, region, thread

ROUNDS = 1

wants = [False, False]
turn = 0


@thread(each=range(2))
def process(me):
    global turn
    other = 1 - me
    for _ in range(ROUNDS):
        wants[me] = True
        while wants[other]:
            if turn != me:
                wants[me] = False
                while turn != me:
                    pass
                wants[me] = True
        with region("critical"):
            pass
        turn = other
        wants[me] = False


@always
def never_both_inside():
    return len(inside("critical")) <= 1


@eventually
def somebody_gets_in():
    return len(inside("critical")) > 0


# While both want to get in, the turn stands still, so the one whose turn it is keeps its flag up and the other one,
# if it moves at all, takes its own down and waits: going round for ever without anybody inside keeps one of them from
# moving although it could.
expect(
    schedules="infinite",
    verdicts={"never_both_inside": "holds", "somebody_gets_in": "holds", "livelock": "holds"},
    deadlock="holds",
    races={"turn", "wants[0]", "wants[1]"},
)
expect(
    set={"ROUNDS": 2},
    verdicts={"never_both_inside": "holds", "somebody_gets_in": "holds", "livelock": "holds"},
    deadlock="holds",
)
expect(
    "statement",
    verdicts={"never_both_inside": "holds", "somebody_gets_in": "holds", "livelock": "holds"},
    deadlock="holds",
)
