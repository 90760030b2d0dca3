"""A task that is cancelled takes back what it has done.

A repair of `cancelled/half_done`. The task catches `CancelledError`, undoes the first half, and raises
the exception again, so that whoever cancelled it learns that it has not happened.
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
    except asyncio.CancelledError:
        left += 10
        raise
    right += 10


@thread
async def impatient():
    moving = asyncio.create_task(transfer())
    await asyncio.sleep(0)
    moving.cancel()


@final
def no_money_lost():
    return left + right == 200


# The same three schedules: cancelled before it began, cancelled half-way and taken back, and done.
expect(
    schedules=3,
    outcomes={"left": {100: 2, 90: 1}, "right": {100: 2, 110: 1}},
    verdicts={"no_money_lost": "holds"},
    races=0,
)
expect("asyncio-fifo", schedules=1, outcomes={"left": {100: 1}, "right": {100: 1}}, verdicts={"no_money_lost": "holds"})
