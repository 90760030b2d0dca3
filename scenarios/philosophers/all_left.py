"""Philosophers at a round table all take the left fork first.

Between every two of them lies one fork, and eating takes both neighbours. If everybody has picked
up the left fork, every right fork is in somebody's hand, and all of them wait, hungry, for ever: a
circle of waiting, one link per philosopher.

It is a rare accident, and rarer with more guests: there is only one such state, however many
philosophers there are. That is what makes it dangerous: no test may ever meet it.
"""

import threading

from lab.scenario import expect, thread

N = 3

forks = [threading.Lock() for _ in range(N)]


@thread(each=range(N))
def philosopher(i):
    with forks[i]:
        with forks[(i + 1) % N]:
            pass


# A philosopher who has eaten breaks the circle for good, so a deadlock is reached in N steps, the N
# first acquires in any order: N! orders. Two philosophers are lock_order/inversion again: 19
# states, 6 orders.
expect(deadlock="violated")
expect(set={"N": 2}, states=19, schedules=6, deadlock="violated")
expect(set={"N": 4}, deadlock="violated")
expect("statement", deadlock="violated")
# `with` polls at its end only, so both forks are taken at once, as nobody promises.
expect("cpython-3.12", deadlock="holds")
expect("free-threaded", deadlock="violated")
