"""One notification wakes the wrong kind of waiter.

Producers that wait for room and consumers that wait for an item share one condition. A consumer
that has taken the item notifies one waiter, and that may be the other consumer: it finds nothing
and waits again. The notification is used up, the producer sleeps beside an empty slot, and the
consumer sleeps for an item that nobody will put there.
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
        changed.notify()


@thread(each=range(2))
def consumer(i):
    with changed:
        while not slot:
            changed.wait()
        slot.pop()
        changed.notify()


@final
def the_slot_is_empty():
    return not slot


# Both consumers wait; a producer fills the slot and wakes one; the other producer finds the slot
# full and waits; the woken consumer empties the slot and notifies: the second consumer. It waits
# again, and so does the second producer.
expect(verdicts={"the_slot_is_empty": "holds"}, deadlock="violated", errors="holds", races=set())
expect("statement", verdicts={"the_slot_is_empty": "holds"}, deadlock="violated", errors="holds")
