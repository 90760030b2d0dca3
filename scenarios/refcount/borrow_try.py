"""A reader counts up only what is still alive, and then looks at the slot again.

The other repair of `refcount/borrow`, without a lock. The reader never raises a count of 0: an object
whose count has come to 0 is being buried, and nobody may revive it. Having raised the count, it looks
whether the slot still holds the same object, because the memory may have been given to another one
meanwhile. This is how Python without a GIL reads lists and dicts.

The count must stay readable after the object is gone, so it stands outside of the record here: in
Python, the memory of freed objects is not given back as long as somebody may still look.
"""

from lab.scenario import Atomic, Record, expect, final, free, freed, thread

item = Record(refs=0, data=42)  # its count stands beside it
count = Atomic(1)  # one reference, held by the slot
slot = item


def try_incref():
    while True:
        old = count.load()
        if old == 0:
            return False
        if count.compare_exchange(old, old + 1):
            return True


def decref():
    if count.add(-1) == 1:
        free(item)


@thread
def reader():
    found = slot
    if found is not None and try_incref():
        data = found.data if slot is found else None
        decref()
        return data


@thread
def remover():
    global slot
    slot = None
    decref()


@final
def freed_in_the_end():
    return freed(item)


# A reader that has raised the count holds a reference until it drops it, and one that finds 0 touches
# nothing. Whoever brings the count from 1 to 0 frees the item; the count never leaves 0.
expect(verdicts={"freed_in_the_end": "holds"}, errors=set(), deadlock="holds")
expect("statement", verdicts={"freed_in_the_end": "holds"}, errors=set(), deadlock="holds")
expect("free-threaded", verdicts={"freed_in_the_end": "holds"}, errors=set(), deadlock="holds")
