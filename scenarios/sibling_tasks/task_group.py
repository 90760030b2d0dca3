"""Tasks that belong together end together: `asyncio.TaskGroup`.

When a task of a group fails, the group cancels the others, and leaves its block when all of them have
ended. So whatever comes after the block comes after everything that its tasks have done, and no task is
left behind. What failed is raised as an ExceptionGroup.

The parcel may still be shipped: if it was packed before the bank answered. It is not shipped after the
order was refused.
"""

import asyncio

from lab.scenario import expect, final, thread

refused = False
shipped_late = False


async def pay():
    await asyncio.sleep(0)  # asks the bank
    raise ValueError("no money")


async def ship():
    global shipped_late
    await asyncio.sleep(0.05)  # packs
    shipped_late = refused


@thread
async def order():
    global refused
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(pay())
            group.create_task(ship())
    except ExceptionGroup:
        refused = True


@final
def nothing_is_shipped_after_the_refusal():
    return not shipped_late


# The order writes `refused` behind the block, which it leaves when both tasks have ended.
expect(
    outcomes={"refused": {True}, "shipped_late": {False}},
    verdicts={"nothing_is_shipped_after_the_refusal": "holds", "exceptions": "holds", "deadlock": "holds"},
    races=0,
)
expect(
    "asyncio-fifo",
    schedules=1,
    outcomes={"refused": {True: 1}, "shipped_late": {False: 1}},
    verdicts={"nothing_is_shipped_after_the_refusal": "holds"},
)
