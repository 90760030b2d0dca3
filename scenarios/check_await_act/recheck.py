"""The balance is checked again after the await.

Between the last await and the end of the withdrawal nobody else runs, so a check that stands there
holds while the task acts on it. The check before the await remains as a short cut: it saves a
question to the bank when there is too little money anyway.
"""

import asyncio

from lab.scenario import expect, final, thread

balance = 100


@thread(each=range(2))
async def withdraw(i):
    global balance
    if balance >= 60:
        await asyncio.sleep(0.01)  # asks the bank
        if balance >= 60:
            balance -= 60


@final
def never_overdrawn():
    return balance >= 0


# The orders are those of the race: 6. Whoever comes back second finds 40 and does nothing.
expect(schedules=6, outcomes={"balance": {40: 6}}, verdicts={"never_overdrawn": "holds"}, races=0)
expect("asyncio-fifo", schedules=1, outcomes={"balance": {40: 1}}, verdicts={"never_overdrawn": "holds"})
