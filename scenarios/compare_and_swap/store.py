"""Every access is atomic, and an update gets lost.

`load` and `store` of an atomic variable are one step each, and there is no data race in this program.
It loses updates all the same: what must not be interrupted is the whole of reading, adding and
writing, not each of them.

"No data race" and "no race condition" are two different things.
"""

from lab.scenario import Atomic, expect, final, question, thread

counter = Atomic(0)


@thread(each=range(2))
def worker(i):
    counter.store(counter.load() + 1)


@final
def every_update_counted():
    return counter.load() == 2


# Two steps each: 6 orders, 4 of which lose an update.
expect(
    schedules=6,
    outcomes={"counter": {1: 4, 2: 2}},
    verdicts={"every_update_counted": "violated"},
    races=0,
)
expect("statement", schedules=2, verdicts={"every_update_counted": "holds"})
# `store` is a Python function: every version polls where it is entered, after the load.
expect("cpython-3.9", schedules=6, verdicts={"every_update_counted": "violated"})
expect("cpython-3.12", schedules=6, verdicts={"every_update_counted": "violated"})
expect("free-threaded", schedules=6, verdicts={"every_update_counted": "violated"}, races=0)

question("Which lines race for the counter?", races="counter", answer=set())
question("Can an update get lost?", violated="every_update_counted", answer=True)
