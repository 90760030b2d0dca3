"""A turnstile in front of the room: the writer stops those who come after it.

The repaired twin of `readers_writers/room_only`. Everybody passes the turnstile; a writer stays in
it while it waits for the room. Readers that are past it may still go in, later ones queue behind
the writer.
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
turnstile = Semaphore(1)


@thread(each=range(READERS))
def reader(i):
    global readers, overtaken
    for _ in range(VISITS):
        with turnstile:
            pass
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
    turnstile.acquire()
    waiting = True
    room.acquire()
    waiting = False
    page += 1
    turnstile.release()
    room.release()


@always
def the_writer_waits_for_each_reader_once():
    return overtaken <= READERS


@final
def the_page_is_written():
    return page == 1


# A reader that passed the turnstile before the writer may go in once; then it meets the writer: at
# most once each.
expect(
    verdicts={"the_writer_waits_for_each_reader_once": "holds", "the_page_is_written": "holds"},
    deadlock="holds",
    errors="holds",
)
expect(
    "statement",
    verdicts={"the_writer_waits_for_each_reader_once": "holds", "the_page_is_written": "holds"},
    deadlock="holds",
    errors="holds",
)
