"""The loop around the wait has a name: `wait_for`.

The same as `producer_consumer/while_loop`, shorter: `wait_for` asks the condition before the first
wait and after every one.
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
        changed.wait_for(lambda: items)
        return items.pop(0)


@final
def every_item_is_taken():
    return len(items) == 0


expect(
    outcomes={"items": {()}}, verdicts={"every_item_is_taken": "holds"}, errors="holds", deadlock="holds", races=set()
)
expect("statement", verdicts={"every_item_is_taken": "holds"}, errors="holds", deadlock="holds")
