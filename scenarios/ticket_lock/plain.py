"""A lock like the queue at the baker's, with a ticket machine that can give out one number twice.

Draw a ticket, wait until the display shows your number, go in, and move the display on when you
leave. Drawing reads the next number and writes back one more: two steps. Two customers who draw at
the same time get the same number, and the display calls both of them in.

Being too late is worse than being together: a customer who has read a 0 and is slow to write back
the next number still holds 0 when the display has long moved past it, and waits for ever.
"""

from lab.scenario import always, expect, inside, region, thread

THREADS = 2

next_ticket = 0
display = 0


@thread(each=range(THREADS))
def customer(i):
    global next_ticket, display
    mine = next_ticket
    next_ticket = mine + 1
    while display != mine:
        pass
    with region("critical"):
        pass
    display += 1


@always
def never_two_inside():
    return len(inside("critical")) <= 1


# Both read 0, and then both go in; or one is served before the other looks at the display, and the
# other waits for a number that never comes back.
expect(
    verdicts={"never_two_inside": "violated", "livelock": "violated"},
    deadlock="holds",
    races={"next_ticket", "display"},
)
expect(set={"THREADS": 3}, verdicts={"never_two_inside": "violated", "livelock": "violated"}, deadlock="holds")
expect("statement", verdicts={"never_two_inside": "violated", "livelock": "violated"}, deadlock="holds")
