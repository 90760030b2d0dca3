"""Start them all, then join them all.

The repaired twin of `start_and_join/one_by_one`: one loop starts the threads, and a second one waits for
them. While the first worker downloads, the others do.
"""

from threading import Thread

from lab.scenario import expect, inside, main, region, sometimes

WORKERS = 2

pages = []


def download(i):
    with region("downloading"):
        pages.append(i)


@main
def program():
    workers = [Thread(target=download, args=(i,)) for i in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


@sometimes
def two_downloads_overlap():
    return len(inside("downloading")) == 2


# Let s, S be the starts, j, J the joins, and the downloads take two steps each, a b and A B. s comes
# first and J last. Between them, S A B and a b j mix in C(6, 3) = 20 orders, of which the one with j
# in front of S cannot be: 19.
expect(schedules=19, verdicts={"two_downloads_overlap": "holds"}, deadlock="holds")
expect("statement", verdicts={"two_downloads_overlap": "holds"}, deadlock="holds")
expect("cpython-3.12", verdicts={"two_downloads_overlap": "holds"}, deadlock="holds")
expect("free-threaded", schedules=19, verdicts={"two_downloads_overlap": "holds"}, deadlock="holds")
