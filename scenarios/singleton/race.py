"""Two threads make the one shared object when they first need it, and there are two of it.

The object is made lazily: whoever finds none makes it and stores it for everybody. Both threads can
look before either has stored, so both make one. The second store wins, and a thread that has
already fetched the first object goes on with an object that nobody else knows: a cache that never
hits, a pool with twice the connections, a log file opened twice.
"""

from lab.scenario import expect, final, thread


class Service:
    def __init__(self, maker):
        self.maker = maker


service = None
using = [None, None]


@thread(each=range(2))
def user(i):
    global service
    if service is None:
        service = Service(i)
    using[i] = service


@final
def both_use_the_same():
    return using[0] is using[1]


# Making the object and filling it in is private, and no step. Who makes it takes 4 steps: look,
# store, fetch, use; who does not, 3. Both make one when both look before either stores: of the
# 8! / (4! 4!) = 70 orders leave out those where one stores before the other looks, 2 x 6! / (2! 4!) = 30,
# and 40 are left. Otherwise one makes it, and its last 2 steps mix with the other's 3: 2 x 10 = 20.
# Two objects are in use when the first to store also fetches before the second stores: the looks
# (2 orders), store, fetch, and then its use anywhere among the other's 3 steps: 2 x 2 x 4 = 16.
expect(schedules=60, verdicts={"both_use_the_same": "violated"}, races={"service"})
# Fetch and use are one statement, 3 steps or 2: 20 - 2 x 4 = 12 orders in which both make one, and
# 2 x 3 others. Two are in use in 2 x 2 of them.
expect("statement", schedules=18, verdicts={"both_use_the_same": "violated"})
# Making the object enters its `__init__`, and a thread may be stopped there: look, then store and use. Both look
# first in 2 x 2 orders; else the second finds the object, in 2 more.
expect("cpython-3.12", schedules=6, verdicts={"both_use_the_same": "violated"})
expect("free-threaded", schedules=60, verdicts={"both_use_the_same": "violated"})
