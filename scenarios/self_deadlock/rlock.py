"""A lock that its owner may take again: `RLock`.

The repaired twin of `self_deadlock/lock`. The lock counts how often its owner took it and is free
when all are given back.
"""

from threading import RLock

from lab.scenario import expect, thread

balance = 10
history = []
lock = RLock()


def log(amount):
    with lock:
        history.append(amount)


@thread
def pay():
    global balance
    with lock:
        balance -= 3
        log(-3)


# Acquire, read, write, acquire, append, release, release: 8 states.
expect(states=8, schedules=1, outcomes={"balance": {7: 1}, "history": {(-3,): 1}}, deadlock="holds", errors="holds")
# Acquire; read and write; the call, which runs to its end; the release.
expect("statement", states=5, schedules=1, deadlock="holds", errors="holds")
