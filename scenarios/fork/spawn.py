"""A process is spawned: it begins with nothing but its own.

The repaired twin of `fork/held_lock`. A spawned process starts a new interpreter, imports what it
needs and makes its own lock, which is free. That is slower, and it is safe beside threads; since
Python 3.14 no platform forks unless it is asked to.
"""

from threading import Lock

from lab.scenario import expect, final, thread, wait_until

lock = Lock()
own = Lock()  # the child's
spawned = False
logged = 0
child_logged = 0


@thread
def logger():
    global logged
    with lock:
        logged += 1


@thread
def parent():
    global spawned
    spawned = True


@thread
def child():
    global child_logged
    wait_until(lambda: spawned)
    with own:
        child_logged = 1


@final
def both_have_logged():
    return logged == 1 and child_logged == 1


# The child's 4 steps come after the parent's one: 1 order of these 5. They mix with the logger's 4
# in 9! / (5! 4!) = 126 orders.
expect(schedules=126, verdicts={"both_have_logged": "holds"}, deadlock="holds", errors="holds", races=0)
# As statements: wait, with, write, release, and the parent's one; the logger takes 3. 8! / (5! 3!) = 56.
expect("statement", schedules=56, verdicts={"both_have_logged": "holds"}, deadlock="holds", errors="holds")
expect("free-threaded", schedules=126, verdicts={"both_have_logged": "holds"}, deadlock="holds", errors="holds")
