"""Two threads look for a connection in a dict, find none, and both open one.

Opening a connection is expensive, so the first thread that needs it opens it and keeps it in a dict
for everybody. But between "is it there?" and "put it there" the other thread can ask the same
question and get the same answer.

Every single operation on a dict is whole, on every Python. That does not help: the *decision* needs
two of them, and what was true when you looked may be false when you act. Two connections are
opened, and in some orders the two threads even go on with different ones.
"""

from lab.scenario import expect, final, question, thread

connections = {}
opened = [False, False]
using = [None, None]


@thread(each=range(2))
def client(i):
    if "server" not in connections:
        opened[i] = True
        connections["server"] = i
    using[i] = connections["server"]


@final
def opened_once():
    return opened[0] != opened[1]


@final
def both_use_the_same():
    return using[0] == using[1]


# A client that opens takes 5 steps: look, open, store, fetch, use; one that does not takes 3. Both
# open when both look before either stores: of the 10! / (5! 5!) = 252 orders leave out those where
# one has stored before the other looks, 2 x 7! / (2! 5!) = 42, and 210 are left. Otherwise one
# opens, and its last 2 steps mix with the other's 3: 2 x 10 = 20. Different connections in use: one
# fetches between the two stores, 2 x 51 orders. The two stores race on the dict's length too, since
# both add a key.
expect(
    schedules=230,
    outcomes={"opened": {(True, False): 10, (False, True): 10, (True, True): 210}},
    verdicts={"opened_once": "violated", "both_use_the_same": "violated"},
    races={"connections['server']", "len(connections)"},
)
# Fetch and use are one statement: 4 steps or 2, 70 - 2 x 5 = 60 orders in which both open, and 2 x
# 3 others.
expect(
    "statement",
    schedules=66,
    outcomes={"opened": {(True, False): 3, (False, True): 3, (True, True): 60}},
    verdicts={"opened_once": "violated", "both_use_the_same": "violated"},
)
# On 3.12 nothing from the look to the use polls: whoever comes first does all of it in one step. That is
# luck: here opening is an assignment, and in life it is a call. On 3.9, and without a GIL, every
# operation stands alone; without one the dict's own lock makes each whole, so there is no data race, and
# the decision is as wrong as before.
expect("cpython-3.9", schedules=230, verdicts={"opened_once": "violated", "both_use_the_same": "violated"})
expect(
    "cpython-3.12",
    schedules=2,
    outcomes={"opened": {(True, False): 1, (False, True): 1}},
    verdicts={"opened_once": "holds", "both_use_the_same": "holds"},
)
expect(
    "free-threaded",
    schedules=230,
    verdicts={"opened_once": "violated", "both_use_the_same": "violated"},
    races=set(),
)

# Both open in 210 of 230 orders, and in 2 x 51 of them one fetches between the two stores.
question("Every operation on a dict is whole. Can two connections be opened?", violated="opened_once", answer=True)
question("Can the two threads go on with different connections?", violated="both_use_the_same", answer=True)
question("Can a thread end without a connection?", violated="exceptions", answer=False)
