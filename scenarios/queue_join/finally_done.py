"""Every item that was taken is reported, on every way out of the round.

The repaired twin of `queue_join/forgotten`: `finally` runs after a `continue`, a `break`, a `return`
and an exception.
"""

from queue import Queue

from lab.scenario import expect, thread

jobs = Queue()


@thread
def main():
    jobs.put(7)
    jobs.put(-1)
    jobs.join()


@thread
def worker():
    done = 0
    for _ in range(2):
        job = jobs.get()
        try:
            if job < 0:
                continue
            done += 1
        finally:
            jobs.task_done()
    return done


# The same 3 orders, and `join` after the last `task_done`.
expect(schedules=3, deadlock="holds", errors="holds", races=0)
expect("statement", schedules=3, deadlock="holds", errors="holds")
expect("cpython-3.12", deadlock="holds", errors="holds")
expect("free-threaded", schedules=3, deadlock="holds", errors="holds")
