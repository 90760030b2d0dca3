"""Philosophers at a round table, and a footman who seats all but one.

The other repair of `philosophers/all_left`: everybody still takes the left fork first, but a
footman, a semaphore, lets only N - 1 of them sit down at once. With one chair empty, somebody finds
both forks free, eats, leaves, and makes room.
"""

import threading

from lab.scenario import expect, thread

N = 3

forks = [threading.Lock() for _ in range(N)]
footman = threading.Semaphore(N - 1)


@thread(each=range(N))
def philosopher(i):
    with footman:
        with forks[i]:
            with forks[(i + 1) % N]:
                pass


# Two philosophers have one chair: who sits down first eats first, six steps each. States: the start,
# 5 + 1 + 5 in each of the two chains of twelve steps, and the common end.
expect(deadlock="holds")
expect(set={"N": 2}, states=24, schedules=2, deadlock="holds")
expect(set={"N": 4}, deadlock="holds")
expect("statement", deadlock="holds")
