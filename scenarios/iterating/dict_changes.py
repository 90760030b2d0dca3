"""A dict grows while a loop runs over it, and the loop breaks off.

A loop over a dict checks at every element whether the dict has kept its size. If another thread
adds a key in between, the loop ends by an exception, far from the line that is to blame.
"""

from lab.scenario import expect, thread

ages = {"ann": 30, "bob": 25}


@thread
def count():
    number = 0
    for _ in ages:
        number += 1
    return number


@thread
def add():
    ages["eve"] = 35


# The loop takes three steps: two elements and the end. `add` is one step, before, between or after
# them: 4 schedules. In the two in between, the next step of the loop finds another size. What races
# is the size: the new key is only reached after it was added.
expect(
    schedules=4,
    errors={"RuntimeError: dictionary changed size during iteration"},
    deadlock="holds",
    races={"len(ages)"},
)
expect("statement", schedules=4, errors={"RuntimeError: dictionary changed size during iteration"}, deadlock="holds")
# Every round of a loop ends by a jump backwards, and polls there: between the two elements, and in front of the end.
expect("cpython-3.12", schedules=4, errors={"RuntimeError: dictionary changed size during iteration"}, deadlock="holds")
expect(
    "free-threaded", schedules=4, errors={"RuntimeError: dictionary changed size during iteration"}, deadlock="holds"
)
