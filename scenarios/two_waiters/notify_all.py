"""Everybody is woken, and everybody looks again.

The repaired twin of `two_waiters/notify_one`: with `notify_all` the right waiter is always among
those woken. It costs needless wake-ups; see `two_waiters/two_conditions`.
"""

from threading import Condition

from lab.scenario import expect, final, thread

slot = []
changed = Condition()


@thread(each=range(2))
def producer(i):
    with changed:
        while slot:
            changed.wait()
        slot.append(i)
        changed.notify_all()


@thread(each=range(2))
def consumer(i):
    with changed:
        while not slot:
            changed.wait()
        slot.pop()
        changed.notify_all()


@final
def the_slot_is_empty():
    return not slot


# Whoever changes the slot wakes all, so a waiter whose turn it is looks again. Two are put and two
# are taken.
expect(verdicts={"the_slot_is_empty": "holds"}, deadlock="holds", errors="holds", races=set())
expect("statement", verdicts={"the_slot_is_empty": "holds"}, deadlock="holds", errors="holds")
