"""Looking and taking under one lock.

The repaired twin of `list_operations/pop_if_any`: what the look said stays true until the element is
taken, because nobody else can take one in between.
"""

import threading

from lab.scenario import expect, final, thread

items = ["the last one"]
lock = threading.Lock()


@thread(each=range(2))
def taker(i):
    with lock:
        if items:
            items.pop()


@final
def it_is_taken():
    return not items


# Whoever has the lock goes through; the other one waits: 2 orders.
expect(schedules=2, verdicts={"it_is_taken": "holds"}, errors="holds", deadlock="holds", races=0)
expect("statement", schedules=2, verdicts={"it_is_taken": "holds"}, errors="holds", deadlock="holds")
expect("cpython-3.9", schedules=2, verdicts={"it_is_taken": "holds"}, errors="holds", deadlock="holds")
expect("cpython-3.12", schedules=2, verdicts={"it_is_taken": "holds"}, errors="holds", deadlock="holds")
expect("free-threaded", schedules=2, verdicts={"it_is_taken": "holds"}, errors="holds", deadlock="holds")
