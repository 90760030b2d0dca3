"""Two threads take from a list if it is not empty, and one of them finds it empty.

`if items` is one operation, `items.pop()` another, and each is whole. But the answer of the first is
old by the time of the second: both threads see the one element, and only one can have it.

With CPython 3.10 or later and a GIL, no switch is possible between these two lines, so that the fault does not
show. It comes back with the first call that somebody writes in between, and without a GIL.
"""

from lab.scenario import expect, question, thread

items = ["the last one"]


@thread(each=range(2))
def taker(i):
    if items:
        items.pop()


# Each looks, and takes if it saw something. Both look before one takes: 2 x 2 orders, and the second
# to take fails. One takes before the other looks: 2 orders.
expect(schedules=6, errors={"IndexError: pop from empty list"}, deadlock="holds")
expect("statement", schedules=6, errors={"IndexError: pop from empty list"}, deadlock="holds")
expect("cpython-3.9", schedules=6, errors={"IndexError: pop from empty list"}, deadlock="holds")
# A test that holds jumps over nothing, and nothing polls from there to the end of `pop`.
expect("cpython-3.10", schedules=2, errors="holds", deadlock="holds")
expect("cpython-3.12", schedules=2, errors="holds", deadlock="holds")
expect("free-threaded", schedules=6, errors={"IndexError: pop from empty list"}, deadlock="holds", races=0)

question(
    "There is one element. Can a taker find the list empty after it has looked?", violated="exceptions", answer=True
)
