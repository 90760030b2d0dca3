"""The one shared object is made under a lock, so that looking and making cannot be separated.

The thread that comes second waits, looks when the first has stored, and finds the object. Whoever
needs the object pays for the lock every time, even when the object has long been there: that is
what `singleton/published_early` tries to save, and `singleton/double_checked` does.
"""

from threading import Lock

from lab.scenario import expect, final, thread


class Service:
    def __init__(self, maker):
        self.maker = maker


service = None
using = [None, None]
lock = Lock()


@thread(each=range(2))
def user(i):
    global service
    with lock:
        if service is None:
            service = Service(i)
    using[i] = service


@final
def both_use_the_same():
    return using[0] is using[1]


# The first takes the lock, looks, stores and releases; then its fetch and use mix with the second's
# acquire, look, release, fetch, use: 2 x 7! / (5! 2!) = 42. The fetch that stands after the lock
# never meets a store.
expect(schedules=42, verdicts={"both_use_the_same": "holds"}, deadlock=False, races=set())
# The first: acquire, test, store, release, and use, which the second's acquire, test, release, use mix
# with: 2 x 5.
expect("statement", schedules=10, verdicts={"both_use_the_same": "holds"})
