"""A task that is cancelled completes what it has begun.

Another repair of `cancelled/half_done`, for work that cannot be taken back. The second half stands in a
`finally`: it is done however the await ends. It must not await anything itself, or it could be cancelled
there once more.
"""

import asyncio

from lab.scenario import expect, final, thread

left = 100
right = 100


async def transfer():
    global left, right
    left -= 10
    try:
        await asyncio.sleep(0)  # asks the bank
    finally:
        right += 10


@thread
async def impatient():
    moving = asyncio.create_task(transfer())
    await asyncio.sleep(0)
    moving.cancel()


@final
def no_money_lost():
    return left + right == 200


# The same three schedules: cancelled before it began, cancelled half-way and completed, and done.
expect(
    schedules=3,
    outcomes={"left": {100: 1, 90: 2}, "right": {100: 1, 110: 2}},
    verdicts={"no_money_lost": "holds"},
    races=0,
)
expect("asyncio-fifo", schedules=1, outcomes={"left": {90: 1}, "right": {110: 1}}, verdicts={"no_money_lost": "holds"})
