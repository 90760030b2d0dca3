"""A lock of threading is held across an await, and the whole loop stops.

The first task holds the lock while it awaits. The second one wants it, and `acquire` does what it
does for threads: it blocks the thread that calls. But that thread is the one that runs the event
loop, so the first task never comes back to release the lock.

With real threads, the same code is right: the lock blocks one of two threads, not the only one.
"""

import asyncio
from threading import Lock

from lab.scenario import expect, final, thread

counter = 0
lock = Lock()


@thread(each=range(2))
async def count(i):
    global counter
    with lock:
        now = counter
        await asyncio.sleep(0)
        counter = now + 1


@final
def both_count():
    return counter == 2


# Let the first task begin: it acquires and awaits. Then it goes on, ends, and the other one does the
# same; or the other one begins, and blocks. The same with the second task first.
expect(schedules=4, outcomes={"counter": {0: 2, 2: 2}}, verdicts={"both_count": "holds"}, deadlock="violated", races=0)
# The loop's own order is one of the fatal ones.
expect("asyncio-fifo", schedules=1, deadlock="violated")
