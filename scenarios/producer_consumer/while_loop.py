"""A woken consumer looks again before it takes: `while` around the wait.

The repaired twin of `producer_consumer/if_once`. A notification means that something may have
changed, not that what the thread waits for is true.
"""

from threading import Condition

from lab.scenario import expect, final, thread

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
        while not items:
            changed.wait()
        return items.pop(0)


@final
def every_item_is_taken():
    return len(items) == 0


# Two items for two consumers. A waiter that finds its item taken waits again, and the other item is
# still to come.
expect(
    outcomes={"items": {()}}, verdicts={"every_item_is_taken": "holds"}, errors="holds", deadlock="holds", races=set()
)
expect("statement", verdicts={"every_item_is_taken": "holds"}, errors="holds", deadlock="holds")
