"""A consumer is woken, and the item is gone: `if` where `while` belongs.

A consumer that finds nothing waits for the producer's notification. Between the notification and
the moment in which the woken consumer has the lock again, the other consumer may come by and take
the item. The woken one does not look again and takes from an empty list.
"""

from threading import Condition

from lab.scenario import expect, question, thread

items = []
changed = Condition()


@thread
def producer():
    for item in (1, 2):
        with changed:
            items.append(item)
            changed.notify()


@thread(each=range(2))
def consumer(i):
    with changed:
        if not items:
            changed.wait()
        return items.pop(0)


# A consumer waits only while the list is empty, and each item comes with a notification under the
# same lock, so nobody waits for ever. But a waiter that was notified for an item that the other
# consumer takes first finds nothing.
expect(errors={"IndexError: pop from empty list"}, deadlock="holds", races=set())
expect("statement", errors={"IndexError: pop from empty list"}, deadlock="holds")
# Who waits gives the GIL back, and whoever comes first takes it: no version helps.
expect("cpython-3.12", errors={"IndexError: pop from empty list"}, deadlock="holds")
expect("free-threaded", errors={"IndexError: pop from empty list"}, deadlock="holds")

# A waiter that was notified has to take the lock again, and the other consumer may take it before.
question(
    "Two items, two consumers. Can a consumer find the list empty after it was woken?",
    violated="exceptions",
    answer=True,
)
question("Can a consumer wait for ever?", violated="deadlock", answer=False)
question("Everything happens under the lock. Which lines race for the items?", races="items", answer=set())
