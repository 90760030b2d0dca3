"""Two counters sell the last seat once: asking and selling under one lock.

The repaired twin of `tickets/race`. The answer to "is a seat left?" stays true until the seat is
sold, because nobody else can sell in between.
"""

import threading

from lab.scenario import always, expect, final, thread

SEATS = 1

left = SEATS
sold = [0, 0]
lock = threading.Lock()


@thread(each=range(2))
def seller(i):
    global left
    with lock:
        if left > 0:
            left -= 1
            sold[i] = 1


@final
def no_seat_sold_twice():
    return sum(sold) <= SEATS


@always
def never_below_zero():
    return left >= 0


expect(
    schedules=2,
    outcomes={"left": {0: 2}, "sold": {(1, 0): 1, (0, 1): 1}},
    verdicts={"no_seat_sold_twice": "holds", "never_below_zero": "holds"},
    deadlock="holds",
    races=set(),
)
expect(
    "statement", schedules=2, verdicts={"no_seat_sold_twice": "holds", "never_below_zero": "holds"}, deadlock="holds"
)
