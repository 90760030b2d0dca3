"""The balance is checked, and has changed when the task comes back from an await.

Two tasks of one event loop withdraw 60 out of 100. There are no threads, and no lock seems to be
needed: a task runs alone until it awaits something. But it does await something, a question to the
bank, after it has checked the balance and before it acts on it. At that await the other task runs.

An `await` that really suspends is where tasks switch, and only there. What was true before it need
not be true after it.
"""

import asyncio

from lab.scenario import expect, final, thread

balance = 100


@thread(each=range(2))
async def withdraw(i):
    global balance
    if balance >= 60:
        await asyncio.sleep(0.01)  # asks the bank
        balance -= 60


@final
def never_overdrawn():
    return balance >= 0


# A task that finds enough money takes two steps: up to the await, and from there to its end. One
# that does not takes one. Let the first task begin: the second comes after its second step, and finds
# too little, 1 schedule; or before it, and then both act, in either order, 2 schedules. The same with
# the second task first: 6 schedules, 4 of them with -20. Tasks of one loop have no data race.
expect(schedules=6, outcomes={"balance": {40: 2, -20: 4}}, verdicts={"never_overdrawn": "violated"}, races=0)
# The loop's own order: both check, then both act.
expect("asyncio-fifo", schedules=1, outcomes={"balance": {-20: 1}}, verdicts={"never_overdrawn": "violated"})
