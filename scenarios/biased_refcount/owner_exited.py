"""The owner hands its only reference over and ends: an object whose owner is gone.

Who drops the reference finds `shared` at 0, and has to put the object into the owner's queue. If the
owner still runs, it empties that queue as the last thing it does. If it has left, nobody will ever
look into it again, and so the thread that came to queue the object merges it itself.

The lock of the queue decides which of the two it is: leaving and queueing hold it, so that no object
comes into a queue that was emptied for the last time.
"""

from threading import Lock

from lab.scenario import Record, always, atomic, expect, final, free, freed, question, thread

obj = Record(tid=1, local=1, shared=0)  # shared: 4 x count + state
held = 1  # references that the program holds
queued = 0  # references that the queue holds
carried = 0  # what a thread that merges has taken from local and not yet added to shared
queue = []
guard = Lock()  # of the queue
owner_is_gone = False

QUEUED = 2
MERGED = 3


def decref():
    global held, queued
    again = True
    while again:
        again = False
        with atomic():
            shared = obj.shared
        first = shared in (0, 1)
        after = QUEUED if first else shared - 4
        with atomic():
            swapped = obj.shared == shared
            if swapped:
                obj.shared = after
                held -= 1
                queued += first
        if not swapped:
            again = True
        elif first:
            again = not put_into_queue()
        elif after == MERGED:
            free(obj)


def put_into_queue():
    global held, queued
    with atomic():
        merged = obj.tid == 0
        held += merged
        queued -= merged
    if merged:
        return False  # the owner was faster: drop the reference as usual
    with guard:
        if owner_is_gone:
            merge()
            return True
        queue.append(obj)
    return True


def merge():
    global queued, carried
    with atomic():
        carried = local = obj.local
        obj.local = 0
        obj.tid = 0
    with atomic():
        after = obj.shared // 4 + local - 1
        obj.shared = 4 * after + MERGED
        queued -= 1
        carried = 0
    if after == 0:
        free(obj)


def empty_queue():
    with guard:
        number = len(queue)
        queue.clear()
    for _ in range(number):
        merge()


def leave():
    global owner_is_gone
    while not owner_is_gone:
        empty_queue()
        with guard:
            if not queue:
                owner_is_gone = True


@thread
def T1():
    leave()


@thread
def T2():
    decref()


@always
def nothing_is_counted_wrongly():
    return freed(obj) or obj.local + carried + obj.shared // 4 == held + queued


@always
def never_freed_while_referenced():
    return not freed(obj) or held + queued == 0


@final
def freed_in_the_end():
    return freed(obj)


# T2 comes to the lock before T1 has left, and T1 finds the object; or after, and T2 merges.
expect(
    verdicts={
        "nothing_is_counted_wrongly": "holds",
        "never_freed_while_referenced": "holds",
        "freed_in_the_end": "holds",
    },
    deadlock="holds",
    errors="holds",
)
expect(
    "free-threaded",
    verdicts={
        "nothing_is_counted_wrongly": "holds",
        "never_freed_while_referenced": "holds",
        "freed_in_the_end": "holds",
    },
    deadlock="holds",
    errors="holds",
)

question(
    "The owner may have ended before the last reference is dropped. Can the object stay for ever?",
    violated="freed_in_the_end",
    answer=False,
)
question("Can it be freed twice?", violated="exceptions", answer=False)
