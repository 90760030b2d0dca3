"""Philosophers who eat again and again; everybody takes the left fork first."""

import threading

from lab.scenario import thread

N = 10

forks = [threading.Lock() for _ in range(N)]


@thread(each=range(N))
def philosopher(i):
    while True:
        with forks[i]:
            with forks[(i + 1) % N]:
                pass
