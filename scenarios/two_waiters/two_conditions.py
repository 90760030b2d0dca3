"""Two conditions on one lock: each kind of waiter has its own.

The other repair of `two_waiters/notify_one`: who takes an item notifies those that wait for room,
who puts one notifies those that wait for items. Both conditions share one lock, because they are
about one slot.
"""

from threading import Condition, Lock

from lab.scenario import expect, final, thread

slot = []
lock = Lock()
room = Condition(lock)
filled = Condition(lock)


@thread(each=range(2))
def producer(i):
    with lock:
        while slot:
            room.wait()
        slot.append(i)
        filled.notify()


@thread(each=range(2))
def consumer(i):
    with lock:
        while not slot:
            filled.wait()
        slot.pop()
        room.notify()


@final
def the_slot_is_empty():
    return not slot


# A thread waits for room only while the slot is full, and who empties it wakes one of those;
# likewise for items.
expect(verdicts={"the_slot_is_empty": "holds"}, deadlock="holds", errors="holds", races=set())
expect("statement", verdicts={"the_slot_is_empty": "holds"}, deadlock="holds", errors="holds")
