"""A call that blocks stops every task of the loop.

The worker waits for something by `time.sleep`, which stands for any slow call that is not awaited: a
query, a large computation, a file. The heart should beat meanwhile, and cannot: nobody else runs
until the worker awaits something, and it never does.
"""

import asyncio
import time

from lab.scenario import expect, sometimes, thread

working = False
felt = 0  # heartbeats while the worker works


@thread
async def worker():
    global working
    working = True
    time.sleep(0.15)
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


# The worker is one step. The heart has three: a beat, a beat, and the end of its loop. 4 places for one.
expect(schedules=4, outcomes={"felt": {0: 4}}, verdicts={"the_heart_beats_during_work": "violated"}, races=0)
expect("asyncio-fifo", schedules=1, outcomes={"felt": {0: 1}}, verdicts={"the_heart_beats_during_work": "violated"})
