"""A task is cancelled between the two halves of its work.

Money leaves one account, the bank is asked, the money arrives at the other. Whoever waits for the
transfer loses patience and cancels it. The task learns of it where it is suspended: `CancelledError` is
raised at its await, and what stands behind is never done. The money is gone.

A task can be cancelled at every await that suspends it, and nowhere else.
"""

import asyncio

from lab.scenario import expect, final, question, thread

left = 100
right = 100


async def transfer():
    global left, right
    left -= 10
    await asyncio.sleep(0)  # asks the bank
    right += 10


@thread
async def impatient():
    moving = asyncio.create_task(transfer())
    await asyncio.sleep(0)
    moving.cancel()


@final
def no_money_lost():
    return left + right == 200


# The impatient task first makes the transfer. Then either it goes on and cancels what has not begun; or
# the transfer takes its first half, and is cancelled, or does not wait and takes the second half, too.
# Three schedules; money is lost in the second.
expect(
    schedules=3,
    outcomes={"left": {100: 1, 90: 2}, "right": {100: 2, 110: 1}},
    verdicts={"no_money_lost": "violated", "exceptions": "holds"},
    races=0,
)
# In the loop's own order the transfer stands at its await when its maker has its next turn.
expect(
    "asyncio-fifo", schedules=1, outcomes={"left": {90: 1}, "right": {100: 1}}, verdicts={"no_money_lost": "violated"}
)

question("Can the transfer be cancelled before it has begun?", outcome={"left": 100, "right": 100}, answer=True)
