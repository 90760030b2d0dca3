"""`with` releases the lock, whatever happens.

The repaired twin of `exception_in_lock/acquire_release`. The block is left by the exception, and the
lock is released on the way; only then is the exception handled.
"""

import threading

from lab.scenario import expect, final, thread

WANTED = ("tea", "coffee")
prices = {"tea": 3}
total = 0
lock = threading.Lock()


@thread(each=range(2))
def customer(i):
    global total
    try:
        with lock:
            total += prices[WANTED[i]]
    except KeyError:
        return "not sold here"


@final
def the_tea_is_paid():
    return total == 3


expect(
    schedules=2,
    outcomes={"total": {3: 2}},
    verdicts={"the_tea_is_paid": "holds"},
    deadlock="holds",
    errors="holds",
    races=0,
)
expect("statement", schedules=2, verdicts={"the_tea_is_paid": "holds"}, deadlock="holds", errors="holds")
expect("cpython-3.9", verdicts={"the_tea_is_paid": "holds"}, deadlock="holds", errors="holds")
expect("cpython-3.12", verdicts={"the_tea_is_paid": "holds"}, deadlock="holds", errors="holds")
expect("free-threaded", schedules=2, verdicts={"the_tea_is_paid": "holds"}, deadlock="holds", errors="holds")
