"""Threads are started and joined in one loop, and run one after another.

`join` waits until the thread has ended. Called right after `start`, inside the loop, it lets the next
thread begin only then: the program has threads, and does everything in sequence. The result is right;
only the time that threads should save is lost.

Here a worker downloads something, and the question is whether two downloads ever overlap.
"""

from threading import Thread

from lab.scenario import expect, inside, main, question, region, sometimes

WORKERS = 2

pages = []


def download(i):
    with region("downloading"):
        pages.append(i)


@main
def program():
    for i in range(WORKERS):
        worker = Thread(target=download, args=(i,))
        worker.start()
        worker.join()


@sometimes
def two_downloads_overlap():
    return len(inside("downloading")) == 2


# Whoever waits leaves one thread that can move: there is one order, whatever a step is.
expect(schedules=1, verdicts={"two_downloads_overlap": "violated"}, deadlock="holds", races=0)
expect("statement", schedules=1, verdicts={"two_downloads_overlap": "violated"}, deadlock="holds")
expect("cpython-3.12", schedules=1, verdicts={"two_downloads_overlap": "violated"}, deadlock="holds")
expect("free-threaded", schedules=1, verdicts={"two_downloads_overlap": "violated"}, deadlock="holds")

question(
    "Two threads are started. Can the second page come before the first?",
    outcome={"pages": (1, 0)},
    answer=False,
)
question("How many schedules does this program have?", count="schedules", answer=1)
