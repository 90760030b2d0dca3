"""The call that blocks is given to another thread, and the other tasks go on.

`asyncio.to_thread` lets a thread of a pool make the call, and suspends the task until it is done: so the
loop is free, and the heart beats. It is the way out where a call cannot be awaited, because its library
knows nothing of asyncio.

The call now runs beside the tasks as any thread does: what it shares with them needs a lock again.
"""

import asyncio
import time

from lab.scenario import expect, final, sometimes, thread

working = False
felt = 0  # heartbeats while the worker works


def query():
    time.sleep(0.15)
    return 1


@thread
async def worker():
    global working
    working = True
    answer = await asyncio.to_thread(query)
    working = False
    return answer


@thread
async def heart():
    global felt
    for _ in range(2):
        if working:
            felt += 1
        await asyncio.sleep(0.01)


@sometimes
def the_heart_beats_during_work():
    return felt > 0


@final
def the_work_is_done():
    return not working


# The worker has the loop before the call and after it, as it has before and after `asyncio.sleep`: the
# heart beats at all three places, so none, one or both of its beats are felt. The call shares nothing.
expect(
    outcomes={"felt": {0, 1, 2}},
    verdicts={"the_heart_beats_during_work": "holds", "the_work_is_done": "holds"},
    races=0,
)
# In the loop's own order the heart is next when the worker is suspended, so that its first beat is felt;
# nobody knows when the call ends, and so whether the second one is.
expect("asyncio-fifo", outcomes={"felt": {1, 2}}, verdicts={"the_heart_beats_during_work": "holds"})
