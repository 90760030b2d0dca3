"""Two threads count with a function of their own: the call stands between the read and the write.

`counter = following(counter)` reads the counter, calls a function, and writes what it returns. A
thread that is stopped in the call still holds the old number, and writes over whatever the other
one has counted meanwhile.

This is the lost update of `lost_update/race`, and the one that people meet: `counter += 1` on a plain
number happens to stay whole on some Pythons, a call in the window does on none. "It works on my
machine" proves nothing about either.
"""

from lab.scenario import expect, final, thread

counter = 0


def following(number):
    return number + 1


@thread(each=range(2))
def worker(i):
    global counter
    counter = following(counter)


@final
def every_update_counted():
    return counter == 2


# Two steps a thread, as for `counter += 1`: 6 orders, and 4 of them lose an update.
expect(
    schedules=6,
    outcomes={"counter": {1: 4, 2: 2}},
    verdicts={"every_update_counted": "violated"},
    races={"counter"},
)
expect("statement", schedules=2, outcomes={"counter": {2: 2}}, verdicts={"every_update_counted": "holds"})
# Every version polls at the entry of a Python function: after the read, before the write.
expect("cpython-3.9", schedules=6, outcomes={"counter": {1: 4, 2: 2}}, verdicts={"every_update_counted": "violated"})
expect("cpython-3.10", schedules=6, outcomes={"counter": {1: 4, 2: 2}}, verdicts={"every_update_counted": "violated"})
expect("cpython-3.12", schedules=6, outcomes={"counter": {1: 4, 2: 2}}, verdicts={"every_update_counted": "violated"})
expect(
    "cpython-3.12-warm", schedules=6, outcomes={"counter": {1: 4, 2: 2}}, verdicts={"every_update_counted": "violated"}
)
expect("free-threaded", schedules=6, outcomes={"counter": {1: 4, 2: 2}}, verdicts={"every_update_counted": "violated"})
