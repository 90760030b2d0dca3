"""Each waits for the other before it says that it is here.

Two threads want to meet. Both wait first and signal afterwards, so neither signal is ever given. No
schedule helps.
"""

from threading import Semaphore

from lab.scenario import expect, thread

a_is_here = Semaphore(0)
b_is_here = Semaphore(0)


@thread
def a():
    b_is_here.acquire()
    a_is_here.release()


@thread
def b():
    a_is_here.acquire()
    b_is_here.release()


# Nobody can take a first step: one run, of no steps.
expect(states=1, schedules=1, deadlock="violated")
expect("statement", states=1, schedules=1, deadlock="violated")
