"""A process is forked while another thread holds a lock.

`fork` copies the memory, locks included, and one thread: the one that called it. If another thread
holds a lock at that moment, the child has a copy of a held lock and no thread that could ever
release it. The first thing that needs the lock stops for ever: often a logger, or `print`.

Whether that happens depends on a few instructions of a thread that has nothing to do with the fork.
Here the copy is a lock of its own, held when the original is held at the fork.
"""

from threading import Lock

from lab.scenario import atomic, expect, question, thread, wait_until

lock = Lock()
copy = Lock()  # the child's
forked = False
logged = 0


@thread
def logger():
    global logged
    with lock:
        logged += 1


@thread
def parent():
    global forked
    with atomic():
        if lock.locked():
            copy.acquire()
        forked = True


@thread
def child():
    wait_until(lambda: forked)
    with copy:
        pass


# The logger takes 4 steps: acquire, read, write, release. Before the first and after the last the
# lock is free; then the child's 3 steps mix with what the logger has left, in C(7, 3) = 35 or 1
# orders. In between it is held; the child's first step mixes with 3, 2 or 1 others, in 4 + 3 + 2 = 9
# orders, and then it waits for ever.
expect(schedules=45, deadlock="violated", errors="holds", races=0)
# As statements the logger takes 3 steps: C(6, 3) + 1 orders, and 3 + 2 that end badly.
expect("statement", schedules=26, deadlock="violated", errors="holds")
expect("free-threaded", schedules=45, deadlock="violated", errors="holds")
# From the acquisition to the release nothing polls: the lock is never found held, as long as the block is that short.
expect("cpython-3.12", deadlock="holds", errors="holds")

question("Can the child wait for a lock that nobody holds any more?", violated="deadlock", answer=True)
question("In how many orders do the three threads run?", count="schedules", answer=45)
