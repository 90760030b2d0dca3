"""Two threads look for a connection, and look and act under one lock.

The repaired twin of `check_then_act/race`. The lock spans the whole decision: looking, opening and
storing. Who comes second waits until the answer to its question can no longer change, and then
finds the connection in place.
"""

import threading

from lab.scenario import expect, final, thread

connections = {}
opened = [False, False]
using = [None, None]
lock = threading.Lock()


@thread(each=range(2))
def client(i):
    with lock:
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


expect(
    schedules=2,
    outcomes={"opened": {(True, False): 1, (False, True): 1}},
    verdicts={"opened_once": "holds", "both_use_the_same": "holds"},
    deadlock="holds",
    races=set(),
)
expect("statement", schedules=2, verdicts={"opened_once": "holds", "both_use_the_same": "holds"}, deadlock="holds")
