"""One of two tasks fails, and the other one goes on.

An order is paid and packed at the same time. The payment fails, `asyncio.gather` raises its exception,
and the order is refused. But `gather` leaves its other tasks alone: the parcel is packed all the same,
and shipped to somebody who has not paid.

A task is nobody's child: it goes on until it ends or somebody cancels it, and an exception that goes
past it cancels nothing.
"""

import asyncio

from lab.scenario import expect, final, question, thread

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
        await asyncio.gather(pay(), ship())
    except ValueError:
        refused = True


@final
def nothing_is_shipped_after_the_refusal():
    return not shipped_late


# The order makes both tasks in its first step. After that pay has two steps and the order its last one,
# in this order, and ship has two: 5! / (3! * 2!) = 10 orders. Shipped late means that ship's second step
# is the last of all, with its first one at any of the four places before: 4 of them.
expect(
    schedules=10,
    outcomes={"shipped_late": {True: 4, False: 6}},
    verdicts={"nothing_is_shipped_after_the_refusal": "violated", "exceptions": "holds"},
    races=0,
)
# By the clock the bank answers long before the parcel is packed.
expect(
    "asyncio-fifo",
    schedules=1,
    outcomes={"shipped_late": {True: 1}},
    verdicts={"nothing_is_shipped_after_the_refusal": "violated"},
)

question(
    "Can the parcel still be shipped after `gather` has raised the exception?",
    outcome={"shipped_late": True},
    answer=True,
)
