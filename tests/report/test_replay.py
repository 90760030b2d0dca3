"""One schedule as a table."""

from __future__ import annotations

from lab.language import parse
from lab.model.policies import POLICIES
from lab.model.relation import Relation
from lab.model.trace import replay
from lab.report.replay import steps, where_it_ends

TEXT = """\
'''A flag hands a message over.'''

import threading

from lab.scenario import Atomic, thread, wait_until

message = ""
ready = Atomic(False)
lock = threading.Lock()


@thread
def sender():
    global message
    message = "hello"
    ready.store(True)


@thread
def receiver():
    wait_until(lambda: ready.load())
    return message
"""


def _trace(*schedule: str, text: str = TEXT):
    return replay(Relation(parse(text, name="flag"), POLICIES["access"]), schedule)


def test_what_an_atomic_orders_is_noted() -> None:
    """The store happens before the wait that it lets through, so the message does not race."""
    table = steps(_trace("sender", "sender", "receiver", "receiver"))
    notes = [row[-1].text for row in table.rows]
    assert notes == ["start", "", "ends", "after step 2", "ends"]
    assert table.notes[0].startswith('"after step n"')


def test_a_blocked_thread_is_named_at_the_end() -> None:
    """The receiver waits for the flag; only the sender can go on."""
    sentence = where_it_ends(_trace("sender"))
    assert sentence.startswith("The schedule stops before the end: sender could go on. Now receiver waits for ")


def test_values_are_shown_as_python_writes_them() -> None:
    """A text has its quotes."""
    accesses = [row[4].text for row in steps(_trace("sender")).rows]
    assert accesses[1] == "write message = 'hello'"
