"""Two threads read through a property, and write the attribute itself.

The getter is a function, and a thread may lose the GIL where it is entered: before the read, not after
it. From 3.10 on nothing else polls before the write, and no payment is lost. That is luck, not a
promise, and a call in the getter, or after it, ends it.
"""

from lab.scenario import expect, final, thread


class Account:
    def __init__(self):
        self.stored = 0

    @property
    def balance(self):
        return self.stored


account = Account()


@thread(each=range(2))
def payer(i):
    account.stored = account.balance + 1


@final
def every_payment_counted():
    return account.stored == 2


expect(schedules=6, traces=4, verdicts={"every_payment_counted": "violated"}, races={"account.stored"})
expect("statement", schedules=2, verdicts={"every_payment_counted": "holds"})
# 3.9 can switch when the getter has returned.
expect("cpython-3.9", schedules=6, verdicts={"every_payment_counted": "violated"})
expect("cpython-3.10", schedules=2, verdicts={"every_payment_counted": "holds"})
expect("cpython-3.12", schedules=2, verdicts={"every_payment_counted": "holds"})
expect("cpython-3.12-warm", schedules=2, verdicts={"every_payment_counted": "holds"})
expect("free-threaded", schedules=6, verdicts={"every_payment_counted": "violated"})
