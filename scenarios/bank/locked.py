"""An audit adds up two accounts, and both threads hold both locks.

The repaired twin of `bank/race`. One lock per account, and whoever needs several accounts holds all
their locks until it is done, so that nobody sees the money on its way. Both threads take the locks
in the same order; that this matters is the lesson of `lock_order/inversion`.
"""

import threading

from lab.scenario import expect, final, thread

checking = 100
savings = 0
seen = None  # what the audit found
checking_lock = threading.Lock()
savings_lock = threading.Lock()


@thread
def transfer():
    global checking, savings
    with checking_lock, savings_lock:
        checking -= 30
        savings += 30


@thread
def audit():
    global seen
    with checking_lock, savings_lock:
        seen = checking + savings


@final
def the_audit_adds_up():
    return seen == 100


@final
def no_money_is_lost():
    return checking + savings == 100


# The first lock is the first thing taken and the last given back, so one thread runs through before
# the other begins.
expect(
    schedules=2,
    outcomes={"seen": {100: 2}},
    verdicts={"the_audit_adds_up": "holds", "no_money_is_lost": "holds"},
    deadlock="holds",
    races=set(),
)
expect("statement", schedules=2, verdicts={"the_audit_adds_up": "holds", "no_money_is_lost": "holds"}, deadlock="holds")
