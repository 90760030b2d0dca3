"""What belongs together is one method.

The repaired twin of `locked_methods/compound`: the class offers what its users need as one
operation, take an item or say that there is none, and holds the lock from the look to the taking.
"""

import threading

from lab.scenario import expect, final, thread


class Stack:
    def __init__(self, items):
        self.items = items
        self.lock = threading.Lock()

    def pop_or_none(self):
        with self.lock:
            return self.items.pop() if self.items else None


stack = Stack(["the last one"])
taken = [None, None]


@thread(each=range(2))
def taker(i):
    taken[i] = stack.pop_or_none()


@final
def one_of_them_has_it():
    return sorted(str(one) for one in taken) == ["None", "the last one"]


# The second cannot begin before the first has released the lock. What the first has left then, the
# write, comes in front of or behind any of the second's 4 steps (acquire, look, release, write): 5
# places, and 10 orders with the two swapped.
expect(schedules=10, verdicts={"one_of_them_has_it": "holds"}, errors="holds", deadlock="holds")
expect("statement", verdicts={"one_of_them_has_it": "holds"}, errors="holds", deadlock="holds")
expect("cpython-3.9", verdicts={"one_of_them_has_it": "holds"}, errors="holds", deadlock="holds")
expect("cpython-3.12", verdicts={"one_of_them_has_it": "holds"}, errors="holds", deadlock="holds")
expect("free-threaded", verdicts={"one_of_them_has_it": "holds"}, errors="holds", deadlock="holds")
