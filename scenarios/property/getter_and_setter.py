"""Two threads add to an attribute that is a property with a getter and a setter.

`account.balance += 1` looks like an attribute, and calls two functions: the getter reads, the setter
writes. Every version of CPython polls where a function is entered, and the setter's entry stands
between the read and the write. Whoever turns a plain attribute into a property makes a statement that could
not be interrupted into one that can.
"""

from lab.scenario import expect, final, question, thread


class Account:
    def __init__(self):
        self.stored = 0

    @property
    def balance(self):
        return self.stored

    @balance.setter
    def balance(self, value):
        self.stored = value


account = Account()


@thread(each=range(2))
def payer(i):
    account.balance += 1


@final
def every_payment_counted():
    return account.stored == 2


# A read and a write each: 6 orders, and 4 of them lose a payment.
expect(schedules=6, traces=4, verdicts={"every_payment_counted": "violated"}, races={"account.stored"})
expect("statement", schedules=2, verdicts={"every_payment_counted": "holds"})
expect("cpython-3.9", schedules=6, verdicts={"every_payment_counted": "violated"})
expect("cpython-3.10", schedules=6, verdicts={"every_payment_counted": "violated"})
expect("cpython-3.12", schedules=6, verdicts={"every_payment_counted": "violated"})
expect("cpython-3.12-warm", schedules=6, verdicts={"every_payment_counted": "violated"})
expect("free-threaded", schedules=6, verdicts={"every_payment_counted": "violated"})

question("Can one of two payments get lost?", violated="every_payment_counted", answer=True)
