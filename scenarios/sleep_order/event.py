"""The reader waits until it is told.

The repaired twin of `sleep_order/sleep`: an Event says "it is there" instead of a guess how long it
takes. The reader goes on as soon as it may, and not before.
"""

from threading import Event

from lab.scenario import expect, final, thread

value = None
got = None
there = Event()


@thread
def writer():
    global value
    value = 42
    there.set()


@thread
def reader():
    global got
    there.wait()
    got = value


@final
def the_reader_has_it():
    return got == 42


# The reader can do nothing until the writer has done everything: 1 order.
expect(schedules=1, outcomes={"got": {42: 1}}, verdicts={"the_reader_has_it": "holds"}, deadlock="holds", races=0)
expect("statement", schedules=1, verdicts={"the_reader_has_it": "holds"}, deadlock="holds")
expect("cpython-3.9", verdicts={"the_reader_has_it": "holds"}, deadlock="holds")
expect("cpython-3.12", verdicts={"the_reader_has_it": "holds"}, deadlock="holds")
expect("free-threaded", schedules=1, verdicts={"the_reader_has_it": "holds"}, deadlock="holds")
