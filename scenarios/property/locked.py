"""A method that adds under a lock, in place of a property that is read and written.

The repaired twin of `property/getter_and_setter`: reading and writing are one operation of the
class. Locks within the getter and the setter would not help, because the thread gives the lock back
between them.
"""

import threading

from lab.scenario import expect, final, thread


class Account:
    def __init__(self):
        self.stored = 0
        self.lock = threading.Lock()

    def pay(self, amount):
        with self.lock:
            self.stored += amount


account = Account()


@thread(each=range(2))
def payer(i):
    account.pay(1)


@final
def every_payment_counted():
    return account.stored == 2


# Whoever has the lock goes through: 2 orders.
expect(schedules=2, verdicts={"every_payment_counted": "holds"}, deadlock="holds", races=0)
expect("statement", schedules=2, verdicts={"every_payment_counted": "holds"}, deadlock="holds")
expect("cpython-3.9", verdicts={"every_payment_counted": "holds"}, deadlock="holds")
expect("cpython-3.10", verdicts={"every_payment_counted": "holds"}, deadlock="holds")
expect("cpython-3.12", verdicts={"every_payment_counted": "holds"}, deadlock="holds")
expect("cpython-3.12-warm", verdicts={"every_payment_counted": "holds"}, deadlock="holds")
expect("free-threaded", schedules=2, verdicts={"every_payment_counted": "holds"}, deadlock="holds")
