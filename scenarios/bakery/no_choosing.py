"""Lamport's bakery without the flag `choosing` lets two customers in.

Customer 0 looks at the tickets, sees none, and is about to write a 1 when it is interrupted.
Customer 1 sees none either, writes a 1, finds nobody else with a ticket and goes in. Now customer 0
writes its 1 and compares: the numbers are equal, its name is the lower one, so it goes first, and
joins customer 1 inside.

What hurts is not that two tickets are equal but that customer 1 took "no ticket yet" for "does not
want in".
"""

from lab.scenario import always, expect, inside, region, thread

THREADS = 2

number = [0] * THREADS  # 0: no ticket


@thread(each=range(THREADS))
def customer(me):
    mine = 1 + max(number)
    number[me] = mine
    for other in range(THREADS):
        while number[other] != 0 and (number[other], other) < (mine, me):
            pass
    with region("critical"):
        pass
    number[me] = 0


@always
def never_two_inside():
    return len(inside("critical")) <= 1


expect(
    verdicts={"never_two_inside": "violated", "livelock": "holds"},
    deadlock="holds",
    races={"number[0]", "number[1]"},
)
expect("statement", verdicts={"never_two_inside": "violated", "livelock": "holds"}, deadlock="holds")
