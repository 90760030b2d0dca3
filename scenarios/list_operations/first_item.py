"""Two threads count in the first element of a list.

`counts[0] += 1` looks as harmless as `append`, and is three operations: fetch the element, add,
store it. That the list guards each of its operations does not help, because the fault lies between
two of them.
"""

from lab.scenario import expect, final, question, thread

counts = [0]


@thread(each=range(2))
def worker(i):
    counts[0] += 1


@final
def every_update_counted():
    return counts[0] == 2


# A read and a write each, as for a plain counter: 6 orders, and 4 of them lose an update.
expect(
    schedules=6,
    traces=4,
    outcomes={"counts": {(1,): 4, (2,): 2}},
    verdicts={"every_update_counted": "violated"},
    races={"counts[0]"},
)
expect("statement", schedules=2, verdicts={"every_update_counted": "holds"})
# 3.9 can switch after the opcode that fetches; from 3.10 on nothing polls before the one that stores.
expect("cpython-3.9", schedules=6, verdicts={"every_update_counted": "violated"})
expect("cpython-3.12", schedules=2, verdicts={"every_update_counted": "holds"})
# A list's own lock covers the fetching and the storing, each by itself.
expect("free-threaded", schedules=6, verdicts={"every_update_counted": "violated"}, races=0)

question("Two threads add 1 to an element that holds 0. Can it end as 1?", outcome={"counts": [1]}, answer=True)
question("In how many orders can that happen?", count="schedules", answer=6)
