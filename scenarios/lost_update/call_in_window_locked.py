"""The call stands between the read and the write, and a lock holds all three together.

The repair of `lost_update/call_in_window`. Whoever holds the lock may be stopped in the call as often
as the interpreter likes: nobody else reads the counter meanwhile. What a version happens to do between
two operations no longer matters.
"""

import threading

from lab.scenario import expect, final, thread

counter = 0
lock = threading.Lock()


def following(number):
    return number + 1


@thread(each=range(2))
def worker(i):
    global counter
    with lock:
        counter = following(counter)


@final
def every_update_counted():
    return counter == 2


# Only the order in which the two take the lock is open, under every policy.
expect(
    schedules=2,
    outcomes={"counter": {2: 2}},
    verdicts={"every_update_counted": "holds"},
    deadlock="holds",
    races=set(),
)
expect("statement", schedules=2, verdicts={"every_update_counted": "holds"}, deadlock="holds")
expect("cpython-3.9", schedules=2, verdicts={"every_update_counted": "holds"}, deadlock="holds")
# The other may begin and wait while the first is in the call, which changes nothing: waiting is no step.
expect("cpython-3.12", schedules=2, verdicts={"every_update_counted": "holds"}, deadlock="holds")
expect("free-threaded", schedules=2, verdicts={"every_update_counted": "holds"}, deadlock="holds")
