"""Double-checked locking that stores the object last, when it is whole.

The object is made and filled in while only its maker knows it. The store is the single step that
shows it to everybody, so whoever sees it sees all of it. The look without the lock still races with
that store: with a GIL, and in free-threaded Python, it finds either nothing or the whole object.
"""

from threading import Lock

from lab.scenario import expect, final, thread


class Settings:
    def __init__(self):
        self.limit = None


settings = None
seen = [0, 0]
lock = Lock()


@thread(each=range(2))
def user(i):
    global settings
    if settings is None:
        with lock:
            if settings is None:
                made = Settings()
                made.limit = 10
                settings = made
    seen[i] = settings.limit


@final
def both_see_the_limit():
    return seen[0] == seen[1] == 10


# The maker takes 8 steps: look, acquire, look, store, release, read, read, write. The other one looks
# after the store: its 4 steps mix with the maker's last 4, 70 orders. Or it has looked before, in 4
# places, and goes on, with 6 steps, after the release: 4 x 9! / (6! 3!) = 336. Together 2 x 406.
expect(schedules=812, verdicts={"both_see_the_limit": "holds"}, races={"settings"}, deadlock=False)
expect("statement", verdicts={"both_see_the_limit": "holds"})
