"""Two counters sell the last seat twice.

Each seller asks "is a seat left?" and sells it. With one seat left, both ask, both hear yes, and
both sell. In some orders the number of free seats even goes below zero; in most it does not,
because the two subtractions overwrite each other, and then the books look right while two people
hold a ticket for the same seat.

A fault that hides itself in the books is the worse one: test what was promised (tickets sold), not
only what was counted.
"""

from lab.scenario import always, expect, final, question, thread

SEATS = 1

left = SEATS
sold = [0, 0]


@thread(each=range(2))
def seller(i):
    global left
    if left > 0:
        left -= 1
        sold[i] = 1


@final
def no_seat_sold_twice():
    return sum(sold) <= SEATS


@always
def never_below_zero():
    return left >= 0


# A seller that sells takes 4 steps: ask, read, write, sell. Of 8! / (4! 4!) = 70 orders leave out
# those where one has written before the other asks, 2 x 5: in the other 60 both sell. Else the
# second only asks, before or after the first's last step: 2 x 2 orders. Below zero: both ask before
# the first write, and the second reads after it: 2 x 12 orders.
expect(
    schedules=64,
    outcomes={"left": {-1: 24, 0: 40}, "sold": {(1, 1): 60, (1, 0): 2, (0, 1): 2}},
    verdicts={"no_seat_sold_twice": "violated", "never_below_zero": "violated"},
    races={"left"},
)
# As statements: ask, subtract, sell. 6! / (3! 3!) = 20 orders; one subtracts before the other asks
# in 2 x 4, so that 12 sell twice, all of them below zero; else 2 x 2.
expect(
    "statement",
    schedules=16,
    outcomes={"left": {-1: 12, 0: 4}},
    verdicts={"no_seat_sold_twice": "violated", "never_below_zero": "violated"},
)
# Nothing polls from the question to the sale: who comes first sells. A call to print the ticket would end that.
expect("cpython-3.9", schedules=64, verdicts={"no_seat_sold_twice": "violated", "never_below_zero": "violated"})
expect("cpython-3.12", schedules=2, verdicts={"no_seat_sold_twice": "holds", "never_below_zero": "holds"})
expect("free-threaded", schedules=64, verdicts={"no_seat_sold_twice": "violated", "never_below_zero": "violated"})

# The books: 1 - 1 - 1 below zero when the second subtracts after the first's write; a ticket each,
# and 0 left, when both read 1. Asking (23) and subtracting (24) race with the other's write (24).
question("One seat is left. Can both sellers sell it?", outcome={"sold": [1, 1]}, answer=True)
question(
    "Can both sell it, and the books show 0 seats left, as if all were right?",
    outcome={"sold": [1, 1], "left": 0},
    answer=True,
)
question("Can the books show -1 seats?", violated="never_below_zero", answer=True)
question("Which lines race for the number of seats left?", races="left", answer={23, 24})
