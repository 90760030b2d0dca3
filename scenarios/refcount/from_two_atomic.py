"""T1 passes an object to a function while T2 drops its reference, and each update is one atomic step.

Another repair of `refcount/from_two`: the processor adds and subtracts in one instruction, and nobody
needs a lock. It is slower than plain counting all the same, because the cores have to agree about each
instruction; that is why Python without a GIL counts otherwise: see `biased_refcount`.
"""

from lab.scenario import Record, atomic, decref, expect, final, freed, incref, thread

obj = Record(refs=2, data=42)  # one reference for each thread


@thread
def T1():
    with atomic():
        incref(obj)
    with atomic():
        decref(obj)
    return obj.data


@thread
def T2():
    with atomic():
        decref(obj)


@final
def one_reference_left():
    return not freed(obj) and obj.refs == 1


# T1's three steps leave four places for T2's one.
expect(schedules=4, verdicts={"one_reference_left": "holds"}, errors=set(), races=set())
expect("statement", schedules=4, verdicts={"one_reference_left": "holds"}, errors=set())
expect("free-threaded", schedules=4, verdicts={"one_reference_left": "holds"}, errors=set())
