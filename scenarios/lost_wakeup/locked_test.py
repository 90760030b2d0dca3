"""Test and wait under one lock, and no notification is lost.

The repaired twin of `lost_wakeup/unlocked_test`. Between the look at `ready` and the wait nobody
else has the lock; and who changes `ready` holds the lock, too.
"""

from threading import Condition

from lab.scenario import expect, final, thread

ready = False
changed = Condition()


@thread
def waiter():
    with changed:
        while not ready:
            changed.wait()


@thread
def notifier():
    global ready
    with changed:
        ready = True
        changed.notify()


@final
def the_waiter_saw_it():
    return ready


# Either the notifier's block comes first, and the waiter reads True; or the waiter reads False and
# waits, and the notifier's block comes then: 2 schedules.
expect(schedules=2, verdicts={"the_waiter_saw_it": "holds"}, deadlock="holds", errors="holds", races=set())
expect("statement", schedules=2, verdicts={"the_waiter_saw_it": "holds"}, deadlock="holds", errors="holds")
