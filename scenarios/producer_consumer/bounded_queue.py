"""A queue does all of this by itself.

`queue.Queue` holds the items, the lock and the conditions: `get` waits while it is empty, `put`
while it is full. There is nothing to forget.
"""

from queue import Queue

from lab.scenario import expect, final, thread

ROOM = 1

items = Queue(ROOM)


@thread
def producer():
    items.put(1)
    items.put(2)


@thread(each=range(2))
def consumer(i):
    return items.get()


@final
def every_item_is_taken():
    return items.empty()


# There is room for one item, so put and get take turns: put, get, put, get. Which consumer gets
# first is open: 2 schedules.
expect(schedules=2, verdicts={"every_item_is_taken": "holds"}, errors="holds", deadlock="holds", races=set())
expect("statement", schedules=2, verdicts={"every_item_is_taken": "holds"}, errors="holds", deadlock="holds")
