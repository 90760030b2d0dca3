"""A lock like the queue at the baker's, with a ticket machine that works.

The repaired twin of `ticket_lock/plain`: `add(1)` gives out a number and moves on to the next in
one step. No two customers hold the same number, so only one is called at a time; and they are
served in the order in which they drew, so nobody waits for ever while others pass. That is what
this lock has over `test_and_set/exchange`.
"""

from lab.scenario import Atomic, always, expect, inside, region, thread

THREADS = 2

next_ticket = Atomic(0)
display = Atomic(0)


@thread(each=range(THREADS))
def customer(i):
    mine = next_ticket.add(1)
    while display.load() != mine:
        pass
    with region("critical"):
        pass
    display.store(mine + 1)


@always
def never_two_inside():
    return len(inside("critical")) <= 1


@always
def display_never_overtakes_the_machine():
    return display.load() <= next_ticket.load()


# A thread draws, waits, is inside, is about to store, or has ended. Before any draw: 1 state. Once the
# first has drawn, it stands in 4 places with the second undrawn, in the same 4 with the second waiting,
# and then the second goes on to 3 more: 11, twice, less the end that both orders share: 1 + 22 - 1.
expect(
    states=22,
    schedules="infinite",
    verdicts={
        "never_two_inside": "holds",
        "display_never_overtakes_the_machine": "holds",
        "livelock": "holds",
    },
    deadlock="holds",
    races=set(),
)
expect(set={"THREADS": 3}, verdicts={"never_two_inside": "holds", "livelock": "holds"}, deadlock="holds")
expect("statement", verdicts={"never_two_inside": "holds", "livelock": "holds"}, deadlock="holds")
