"""A writer waits while ever more readers come in.

Readers share the room, a writer wants it alone. The first reader locks the room, the last one
unlocks it. As long as there is always a reader inside, the writer waits: nobody breaks a rule, and
the writer starves. Fairness is a property too.
"""

from threading import Lock, Semaphore

from lab.scenario import always, expect, final, thread

READERS = 2
VISITS = 2

readers = 0
waiting = False
overtaken = 0
page = 0
counting = Lock()
room = Semaphore(1)


@thread(each=range(READERS))
def reader(i):
    global readers, overtaken
    for _ in range(VISITS):
        with counting:
            readers += 1
            if readers == 1:
                room.acquire()
            if waiting:
                overtaken += 1
        before = page
        assert page == before, "the page changed while it was read"
        with counting:
            readers -= 1
            if readers == 0:
                room.release()


@thread
def writer():
    global waiting, page
    waiting = True
    room.acquire()
    waiting = False
    page += 1
    room.release()


@always
def the_writer_waits_for_each_reader_once():
    return overtaken <= READERS


@final
def the_page_is_written():
    return page == 1


# Once the writer waits, both readers may come in again and again: 2 readers x 2 visits.
expect(
    verdicts={"the_writer_waits_for_each_reader_once": "violated", "the_page_is_written": "holds"},
    deadlock="holds",
    errors="holds",
)
expect(
    "statement",
    verdicts={"the_writer_waits_for_each_reader_once": "violated", "the_page_is_written": "holds"},
    deadlock="holds",
    errors="holds",
)
