"""An exception comes between `acquire` and `release`, and the lock stays held.

One customer asks for something that has no price. The KeyError ends that thread, and nobody releases
its lock: every later customer waits for ever. The log shows a KeyError; that the shop has stopped
because of it, it does not show.
"""

import threading

from lab.scenario import expect, question, thread

WANTED = ("tea", "coffee")
prices = {"tea": 3}
total = 0
lock = threading.Lock()


@thread(each=range(2))
def customer(i):
    global total
    lock.acquire()
    total += prices[WANTED[i]]
    lock.release()


# Whoever comes first has the lock, so there are 2 orders. The one who wants coffee ends by its
# exception in both, and if it comes first, the other one waits for ever.
expect(schedules=2, deadlock="violated", errors={"KeyError: 'coffee'"}, races=0)
expect("statement", schedules=2, deadlock="violated", errors={"KeyError: 'coffee'"})
# `acquire` polls when it has the lock, but the other cannot have it as well: the same 2 orders.
expect("cpython-3.9", deadlock="violated", errors={"KeyError: 'coffee'"})
expect("cpython-3.12", deadlock="violated", errors={"KeyError: 'coffee'"})
expect("free-threaded", schedules=2, deadlock="violated", errors={"KeyError: 'coffee'"})

question("Can a customer wait for ever for a lock whose holder has ended?", violated="deadlock", answer=True)
