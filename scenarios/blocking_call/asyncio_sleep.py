"""Waiting is awaited, and the other tasks go on.

`await asyncio.sleep` stands for any call made for asyncio: it gives the loop back until its answer is
there. How often the heart beats meanwhile depends on who is answered when. In the loop's own order, by
the clock, both beats fall into the 0.15 seconds of work.
"""

import asyncio

from lab.scenario import expect, sometimes, thread

working = False
felt = 0  # heartbeats while the worker works


@thread
async def worker():
    global working
    working = True
    await asyncio.sleep(0.15)
    working = False


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


# The worker has two steps, the heart three: 10 orders. Let i <= j be the number of the heart's steps
# before each of the worker's. The beats i + 1 to j are felt, if they are among the first two:
#   2: i = 0, j = 2, 3.   1: i = 0, j = 1; i = 1, j = 2, 3.   0: the other 5.
expect(schedules=10, outcomes={"felt": {0: 5, 1: 3, 2: 2}}, verdicts={"the_heart_beats_during_work": "holds"}, races=0)
expect("asyncio-fifo", schedules=1, outcomes={"felt": {2: 1}}, verdicts={"the_heart_beats_during_work": "holds"})
