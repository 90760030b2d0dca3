"""The notification comes before the wait, and nobody hears it.

The waiter looks at `ready` without the lock and decides to wait. Before it does, the other thread
sets `ready` and notifies: a notification wakes who waits, and is otherwise lost. Then the waiter
waits for ever for something that has happened.
"""

from threading import Condition

from lab.scenario import expect, question, thread

ready = False
changed = Condition()


@thread
def waiter():
    if not ready:
        with changed:
            changed.wait()


@thread
def notifier():
    global ready
    ready = True
    with changed:
        changed.notify()


# The notifier writes, acquires, notifies, releases. If it writes before the waiter reads, the
# waiter ends there: it reads after the 1st, 2nd, 3rd or 4th of these steps, 4 schedules. Else the
# waiter acquires and waits. If it does so before the notifier acquires, the write comes before,
# between or after the two, 3 schedules, and the rest is forced. Else the waiter comes after the
# release: 1 schedule, a deadlock.
expect(schedules=8, deadlock="violated", errors="holds", races={"ready"})
# Each step is a statement of its own, `if not ready` included.
expect("statement", schedules=8, deadlock="violated", errors="holds")
# Entering a condition's block enters a function written in Python, which polls after the test.
expect("cpython-3.12", deadlock="violated", errors="holds")
expect("free-threaded", schedules=8, deadlock="violated", errors="holds")

# The 8 schedules above; the last one is the deadlock. Under `statement` the steps are the same.
question("The notifier always notifies. Can the waiter wait for ever?", violated="deadlock", answer=True)
question("In how many orders can the steps happen?", count="schedules", answer=8)
question(
    "If a whole statement could not be interrupted, could it still wait for ever?",
    policy="statement",
    violated="deadlock",
    answer=True,
)
