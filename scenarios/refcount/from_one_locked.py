"""An object with one reference: a lock alone does not save it.

Every increment and every decrement is now done under the lock, and no update is lost any more. But
"T2, then T1" is still a legal order: T2 drops the only reference, the object is freed, and T1 takes
a reference to memory that is gone.

A lock makes the steps whole; it does not make their order right. Whoever wants to take a reference
must already be sure that somebody holds one: see `refcount/from_one_owned`.
"""

import threading

from lab.scenario import Record, decref, expect, final, freed, incref, thread

obj = Record(refs=1)
lock = threading.Lock()


@thread
def T1():
    with lock:
        incref(obj)


@thread
def T2():
    with lock:
        decref(obj)


@final
def T1_holds_a_living_object():
    return not freed(obj)


# Two orders of the two locked blocks: 2 then 1; or 0, freed, and T1 loads the count of a freed
# object.
expect(
    schedules=2,
    verdicts={"T1_holds_a_living_object": "violated"},
    errors={"UseAfterFree"},
    deadlock="holds",
    races=set(),
)
expect("statement", schedules=2, verdicts={"T1_holds_a_living_object": "violated"}, errors={"UseAfterFree"})
