"""A lock of asyncio is held from the check to the act, across the await.

Whoever finds the lock held is suspended: that is an await, too, and the loop goes on with somebody
else. A lock of `threading` in its place would stop the whole loop; see `lock_across_await`.
"""

import asyncio

from lab.scenario import expect, final, thread

balance = 100
account = asyncio.Lock()


@thread(each=range(2))
async def withdraw(i):
    global balance
    async with account:
        if balance >= 60:
            await asyncio.sleep(0.01)  # asks the bank
            balance -= 60


@final
def never_overdrawn():
    return balance >= 0


# An acquire that need not wait does not suspend. Let the first task begin: it acquires, checks and
# asks. The second comes after it and needs one step; or it comes in between, waits for the lock, and
# goes on afterwards. 2 schedules, and 2 with the second task first.
expect(schedules=4, outcomes={"balance": {40: 4}}, verdicts={"never_overdrawn": "holds"}, races=0)
expect("asyncio-fifo", schedules=1, outcomes={"balance": {40: 1}}, verdicts={"never_overdrawn": "holds"})
