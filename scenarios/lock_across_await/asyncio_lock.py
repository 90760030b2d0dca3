"""A lock of asyncio suspends the task that wants it, and the loop goes on.

`await lock.acquire()`, or `async with`, gives the loop back while the lock is held by somebody else.
Waiters come first, first served: a task that asks for the lock while others wait stands behind them.
"""

import asyncio

from lab.scenario import expect, final, thread

counter = 0
lock = asyncio.Lock()


@thread(each=range(2))
async def count(i):
    global counter
    async with lock:
        now = counter
        await asyncio.sleep(0)
        counter = now + 1


@final
def both_count():
    return counter == 2


# The orders that lead to a deadlock with a lock of threading go on: the second task waits, the first
# one comes back and releases, the second one goes on and awaits, and ends.
expect(schedules=4, outcomes={"counter": {2: 4}}, verdicts={"both_count": "holds"}, deadlock="holds", races=0)
expect("asyncio-fifo", schedules=1, outcomes={"counter": {2: 1}}, verdicts={"both_count": "holds"}, deadlock="holds")
