"""Dekker's ladder, first rung: take turns.

Two processes, a critical section, and no lock: only variables that can be read and written. The
first idea is a board that says whose turn it is. You wait until it shows your number, go in, and
turn it over when you leave.

It does keep the two apart. But it also forces them into lockstep: here process 1 wants to go in
twice and process 0 only once. After its one visit process 0 never comes back to turn the board
over, and process 1 waits for ever in front of an empty room.
"""

from lab.scenario import always, expect, inside, region, thread

VISITS = (1, 2)  # how often each process wants to go in

turn = 0


@thread(each=range(2))
def process(me):
    global turn
    for _ in range(VISITS[me]):
        while turn != me:
            pass
        with region("critical"):
            pass
        turn = 1 - me


@always
def never_both_inside():
    return len(inside("critical")) <= 1


# The board allows 0, 1, 0, 1, ...: with visits (1, 2) the third turn is nobody's, with (2, 1) nobody
# asks for a fourth. Only one process can get on at a time, look, leave, write, and the other after it:
# 7 states. In the last one process 1 looks at the board for ever.
expect(
    states=7,
    verdicts={"never_both_inside": "holds", "livelock": "violated"},
    deadlock="holds",
    races={"turn"},
)
expect(set={"VISITS": (2, 1)}, verdicts={"never_both_inside": "holds", "livelock": "holds"}, deadlock="holds")
expect("statement", verdicts={"never_both_inside": "holds", "livelock": "violated"}, deadlock="holds")
