"""A reader takes a reference from a shared slot, and counts it a moment too late.

Here the count itself is safe: taking and dropping a reference are one step each, as with an atomic
counter. It does not help. Between reading the slot and counting the reference the reader only
*borrows* the object, and in that moment the other thread empties the slot and drops the last
reference. The reader then counts up a count in freed memory.
"""

from lab.scenario import Record, atomic, decref, expect, final, freed, incref, thread

item = Record(refs=1, data=42)  # one reference, held by the slot
slot = item


@thread
def reader():
    found = slot
    if found is not None:
        with atomic():
            incref(found)
        data = found.data
        with atomic():
            decref(found)
        return data


@thread
def remover():
    global slot
    slot = None
    with atomic():
        decref(item)


@final
def freed_in_the_end():
    return freed(item)


# The reader: fetch, count, read, drop; the remover: empty the slot, drop. If the slot is emptied
# first, the reader only fetches None, before or after the drop: 2 orders. Otherwise its other 3
# steps mix with the remover's 2, where the count comes before the drop, in 10 - 1 = 9 orders; and in
# the one left the drop frees the item, and the count ends the reader.
expect(schedules=12, verdicts={"freed_in_the_end": "holds"}, errors={"UseAfterFree"})
