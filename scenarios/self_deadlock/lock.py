"""A thread waits for a lock that it holds itself.

`pay` takes the lock and calls `log`, which takes it again. A `Lock` does not ask who holds it: the
thread waits for its own release, for ever. One thread is enough.
"""

from threading import Lock

from lab.scenario import expect, thread

balance = 10
history = []
lock = Lock()


def log(amount):
    with lock:
        history.append(amount)


@thread
def pay():
    global balance
    with lock:
        balance -= 3
        log(-3)


# Acquire, read, write, and no further step: 4 states, 1 schedule.
expect(states=4, schedules=1, outcomes={"balance": {7: 1}, "history": {(): 1}}, deadlock="violated", errors="holds")
# `balance -= 3` is one statement.
expect("statement", states=3, schedules=1, deadlock="violated", errors="holds")
