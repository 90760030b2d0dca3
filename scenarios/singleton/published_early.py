"""Double-checked locking that stores the object before it is whole.

To spare the lock once the object is there, a thread looks first without it, and again inside. The
second look makes sure that only one is made. But the object is stored before its limit is set, and
the first look, which holds no lock, can see it in between: the object is there, and not yet what it
should be.
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
                settings = Settings()
                settings.limit = 10
    seen[i] = settings.limit


@final
def both_see_the_limit():
    return seen[0] == seen[1] == 10


# The maker takes 10 steps: look, acquire, look, store, read the name, set the limit, release, read,
# read, write. The other one looks after the store and takes 4 (look, read, read, write), which mix with
# the maker's last 6: 210 orders. Or it has looked before the store, in 4 places, and goes on, with 6
# steps, after the release: 4 x 9! / (6! 3!) = 336. Together 2 x 546.
# It sees no limit if its look and its two reads come between the store and the set, where the
# maker only reads the name: in 3 orders that read stands before its last one, and its write in 6 places
# after; in 1 it stands after, and its write in 7: 2 x (3 x 6 + 7) = 50.
expect(
    schedules=1092,
    verdicts={"both_see_the_limit": "violated"},
    races={"settings", "Settings#user[0].1.limit", "Settings#user[1].1.limit"},
)
expect("statement", verdicts={"both_see_the_limit": "violated"})
