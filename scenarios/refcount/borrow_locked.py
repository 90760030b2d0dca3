"""The slot and the count are read and changed under one lock, so that nothing is only borrowed.

While the reader holds the lock the slot keeps its reference; when it lets go, it has one of its own.
Lists, dicts and attributes of objects do this for Python code, by the GIL or by a lock in each
container: a borrowed reference becomes an owned one before anybody else can act.
"""

from threading import Lock

from lab.scenario import Record, atomic, decref, expect, final, freed, incref, thread

item = Record(refs=1, data=42)  # one reference, held by the slot
slot = item
lock = Lock()


@thread
def reader():
    with lock:
        found = slot
        if found is not None:
            with atomic():
                incref(found)
    if found is not None:
        data = found.data
        with atomic():
            decref(found)
        return data


@thread
def remover():
    global slot
    with lock:
        slot = None
    with atomic():
        decref(item)


@final
def freed_in_the_end():
    return freed(item)


# The reader first: acquire, fetch, count, release; then its read and drop mix with the remover's
# acquire, empty, release, drop: 6! / (4! 2!) = 15. The remover first: acquire, empty, release; then its
# drop mixes with the reader's acquire, fetch, release: 4.
expect(schedules=19, verdicts={"freed_in_the_end": "holds"}, errors=set(), deadlock=False)
