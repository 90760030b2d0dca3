"""A worker skips a job, and forgets to say that it is done.

`join` waits until `task_done` was called once for each item that was put. The worker leaves its round
early for a job that it does not want, and the call stands after that. Nothing is lost, no exception
comes, every job was looked at, and `join` never returns.
"""

from queue import Queue

from lab.scenario import expect, question, thread

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
        if job < 0:
            continue
        done += 1
        jobs.task_done()
    return done


# The worker gets, is done, and gets. The first `put` comes first, the second before the second `get`:
# in front of any of these 3 steps. Then `join` waits for ever.
expect(schedules=3, deadlock="violated", errors="holds", races=0)
expect("statement", schedules=3, deadlock="violated", errors="holds")
expect("cpython-3.12", deadlock="violated", errors="holds")
expect("free-threaded", schedules=3, deadlock="violated", errors="holds")

question("Can `join` wait for ever although the queue is empty?", violated="deadlock", answer=True)
