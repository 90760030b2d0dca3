"""Two threads append to one list, and nothing gets lost.

`append` is one operation of the list: nobody gets in between its looking for the end and its storing
there. With a GIL that is so because `append` runs in C and does not poll; without one, because the
list has a lock of its own. Which of the two elements comes first is left open.

Know the operations that are one step, and know that two of them are two: see
`list_operations/pop_if_any`.
"""

from lab.scenario import expect, final, thread

items = []


@thread(each=range(2))
def worker(i):
    items.append(i)


@final
def both_are_there():
    return sorted(items) == [0, 1]


# One step each: 2 orders, under every policy.
expect(
    schedules=2,
    traces=2,
    outcomes={"items": {(0, 1): 1, (1, 0): 1}},
    verdicts={"both_are_there": "holds"},
    errors="holds",
)
expect("statement", schedules=2, verdicts={"both_are_there": "holds"}, errors="holds")
expect("cpython-3.9", schedules=2, verdicts={"both_are_there": "holds"}, errors="holds")
expect("cpython-3.12", schedules=2, verdicts={"both_are_there": "holds"}, errors="holds")
# Two operations of one list are no data race there.
expect("free-threaded", schedules=2, verdicts={"both_are_there": "holds"}, errors="holds", races=0)
