"""Lamport's bakery: customers write their own tickets, and it works all the same.

Mutual exclusion for any number of threads with plain reads and writes (Lamport 1974). Everybody
looks at all the tickets in the shop and writes a higher one for itself; the lowest is served first,
and of two equal ones the lower name. Two customers *can* write the same number, since looking and
writing are many steps.

The flag `choosing` makes that harmless. Nobody compares tickets with a customer who is still busy
writing one: who waits for `choosing` to come down sees either the final ticket or none. Without it,
`bakery/no_choosing`, two get in.
"""

from lab.scenario import always, expect, inside, region, thread

THREADS = 2

choosing = [False] * THREADS
number = [0] * THREADS  # 0: no ticket


@thread(each=range(THREADS))
def customer(me):
    choosing[me] = True
    mine = 1 + max(number)
    number[me] = mine
    choosing[me] = False
    for other in range(THREADS):
        while choosing[other]:
            pass
        while number[other] != 0 and (number[other], other) < (mine, me):
            pass
    with region("critical"):
        pass
    number[me] = 0


@always
def never_two_inside():
    return len(inside("critical")) <= 1


expect(
    schedules="infinite",
    verdicts={"never_two_inside": "holds", "livelock": "holds"},
    deadlock="holds",
    races={"choosing[0]", "choosing[1]", "number[0]", "number[1]"},
)
expect("statement", verdicts={"never_two_inside": "holds", "livelock": "holds"}, deadlock="holds")
