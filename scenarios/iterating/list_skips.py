"""An element is removed while a loop runs over the list, and the loop skips another one.

A loop over a list counts positions. When an element in front of its position goes away, the others
move up, and the next one is never seen. No exception says so.
"""

from lab.scenario import expect, final, thread

items = [1, 2, 3]
seen = ()


@thread
def look():
    global seen
    found = ()
    for item in items:
        found += (item,)
    seen = found


@thread
def remove():
    items.remove(1)


@final
def what_stays_is_seen():
    return 2 in seen and 3 in seen


# The loop: three elements, the end, then the write of `seen`. `remove` comes before any of these 5
# steps or after all: 6 schedules. Between the 1st and the 2nd element 2 moves to the front and is
# skipped; between the 2nd and the 3rd it is 3.
expect(
    schedules=6,
    outcomes={"seen": {(2, 3): 1, (1, 3): 1, (1, 2): 1, (1, 2, 3): 3}},
    verdicts={"what_stays_is_seen": "violated"},
    deadlock="holds",
    errors="holds",
)
# Every advance of the loop is its own; the write is a statement.
expect("statement", schedules=6, verdicts={"what_stays_is_seen": "violated"}, deadlock="holds", errors="holds")
# Every round of a loop polls at its end. Nothing polls from the end of the loop to the write: one order less.
expect("cpython-3.12", schedules=5, verdicts={"what_stays_is_seen": "violated"}, deadlock="holds", errors="holds")
expect("free-threaded", schedules=6, verdicts={"what_stays_is_seen": "violated"}, deadlock="holds", errors="holds")
