"""Every method holds the lock, and two of them together do not.

Each method of the stack is safe: it takes the lock, does its work, gives the lock back. A thread
that calls two of them gives the lock back in between, and what the first one answered may be wrong
when the second one runs. A class whose methods are all locked is not safe to use; it is safe to use
one method of it at a time.
"""

import threading

from lab.scenario import expect, question, thread


class Stack:
    def __init__(self, items):
        self.items = items
        self.lock = threading.Lock()

    def is_empty(self):
        with self.lock:
            return not self.items

    def pop(self):
        with self.lock:
            return self.items.pop()


stack = Stack(["the last one"])


@thread(each=range(2))
def taker(i):
    if not stack.is_empty():
        stack.pop()


# While one holds the lock the other can do nothing, so each method is as good as one step: look and
# take. Both look first: 2 x 2 orders, and the second to take fails; or one is through before the
# other looks: 2.
expect(schedules=6, errors={"IndexError: pop from empty list"}, deadlock="holds", races=0)
expect("statement", schedules=6, errors={"IndexError: pop from empty list"}, deadlock="holds")
# The second method is a function: every version polls where it is entered.
expect("cpython-3.9", errors={"IndexError: pop from empty list"}, deadlock="holds")
expect("cpython-3.12", errors={"IndexError: pop from empty list"}, deadlock="holds")
expect("free-threaded", schedules=6, errors={"IndexError: pop from empty list"}, deadlock="holds")

question("Both methods hold the lock. Can `pop` find the stack empty?", violated="exceptions", answer=True)
