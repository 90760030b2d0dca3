"""A loop over a copy sees the list as it was at one moment.

The repaired twin of `iterating/list_skips`: `list(items)` copies all elements in one step, and
nobody can change the copy. Where making the copy is not one step, it needs a lock.
"""

from lab.scenario import expect, final, thread

items = [1, 2, 3]
seen = ()


@thread
def look():
    global seen
    found = ()
    for item in list(items):
        found += (item,)
    seen = found


@thread
def remove():
    items.remove(1)


@final
def what_stays_is_seen():
    return 2 in seen and 3 in seen


# Copy and write; `remove` before, between or after: 3 schedules.
expect(
    schedules=3,
    outcomes={"seen": {(2, 3): 1, (1, 2, 3): 2}},
    verdicts={"what_stays_is_seen": "holds"},
    deadlock="holds",
    errors="holds",
)
expect("statement", schedules=3, verdicts={"what_stays_is_seen": "holds"}, deadlock="holds", errors="holds")
