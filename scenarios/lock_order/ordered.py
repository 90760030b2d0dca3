"""Two threads take two locks in the same order.

The repaired twin of `lock_order/inversion`. If every thread takes the knife before the fork,
whoever holds the fork already has the knife, so the fork is never held by somebody who waits. A
cycle of waiting threads cannot close.
"""

import threading

from lab.scenario import expect, thread

knife = threading.Lock()
fork = threading.Lock()


@thread
def T1():
    with knife:
        with fork:
            pass


@thread
def T2():
    with knife:
        with fork:
            pass


# The knife is taken first and given back last, so one thread runs through before the other begins.
expect(states=16, schedules=2, deadlock="holds")
expect("statement", states=16, schedules=2, deadlock="holds")
