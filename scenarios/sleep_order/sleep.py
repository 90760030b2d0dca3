"""A reader sleeps for a while, and hopes that the value is there by then.

However long the sleep, nothing ties it to the writer: the writer may be slower, on another machine,
on a busy day. A sleep in a program or a test makes a fault rare, and does not repair it.
"""

import time

from lab.scenario import expect, final, question, thread

value = None
got = None


@thread
def writer():
    global value
    value = 42


@thread
def reader():
    global got
    time.sleep(0.01)
    got = value


@final
def the_reader_has_it():
    return got == 42


# The reader reads and writes; the writer's one step comes before both, between them, or after: only
# the first of 3 orders is good.
expect(schedules=3, outcomes={"got": {42: 1, None: 2}}, verdicts={"the_reader_has_it": "violated"}, races={"value"})
expect("statement", schedules=2, outcomes={"got": {42: 1, None: 1}}, verdicts={"the_reader_has_it": "violated"})
# Reading and writing a global is one statement here, without a poll from 3.10 on.
expect("cpython-3.9", schedules=3, verdicts={"the_reader_has_it": "violated"})
expect("cpython-3.12", schedules=2, verdicts={"the_reader_has_it": "violated"})
expect("free-threaded", schedules=3, verdicts={"the_reader_has_it": "violated"})

question("The reader sleeps before it reads. Can it read None?", outcome={"got": None}, answer=True)
