"""A lock like the queue at the baker's, with a ticket machine that can give out one number twice.

Draw a ticket, wait until the display shows your number, go in, and move the display on when you
leave. Drawing reads the next number and writes back one more: two steps. Two customers who draw at
the same time get the same number, and the display calls both of them in.

With a third customer it can get worse: two with number 0 both move the display on, past number 1,
and the customer who holds number 1 waits for ever.
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


expect(
    verdicts={"never_two_inside": "violated", "livelock": "holds"},
    deadlock="holds",
    races={"next_ticket", "display"},
)
expect(set={"THREADS": 3}, verdicts={"never_two_inside": "violated", "livelock": "violated"}, deadlock="holds")
expect("statement", verdicts={"never_two_inside": "violated", "livelock": "holds"}, deadlock="holds")
