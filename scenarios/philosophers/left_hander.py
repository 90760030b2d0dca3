"""Philosophers at a round table, and one of them is left-handed.

The repaired twin of `philosophers/all_left`: one philosopher reaches for the other fork first. The
circle needs everybody to hold one fork and wait for the next one in the same direction, and the
left-hander does not join in. The general rule is the one of `lock_order/ordered`: number the forks,
and let everybody take the lower number first.
"""

import threading

from lab.scenario import expect, question, thread

N = 3

forks = [threading.Lock() for _ in range(N)]


@thread(each=range(N))
def philosopher(i):
    with forks[min(i, (i + 1) % N)]:
        with forks[max(i, (i + 1) % N)]:
            pass


# Two philosophers are lock_order/ordered again: 16 states, 2 orders.
expect(deadlock="holds")
expect(set={"N": 2}, states=16, schedules=2, deadlock="holds")
expect(set={"N": 4}, deadlock="holds")
expect("statement", deadlock="holds")

# A circle of waiting needs everybody to hold a fork and wait for a higher one; the highest has none above.
question("Can all three hold one fork and wait for ever?", violated="deadlock", answer=False)
question("With four at the table: can all of them wait for ever?", set={"N": 4}, violated="deadlock", answer=False)
