"""Two threads use `setdefault`: one connection is kept, and still two are opened.

`setdefault` looks and stores in one operation, so the first store wins and both clients end up with
the same connection. Half of the fault is gone, and the other half is still there: by the time
`setdefault` decides, each client has already opened a connection of its own, and one of the two is
thrown away unused.

An atomic operation repairs what it covers. The expensive part, the opening, lies before it.
"""

from lab.scenario import expect, final, thread

connections = {}
opened = [False, False]
using = [None, None]


@thread(each=range(2))
def client(i):
    if "server" not in connections:
        opened[i] = True
        connections.setdefault("server", i)
    using[i] = connections["server"]


@final
def opened_once():
    return opened[0] != opened[1]


@final
def both_use_the_same():
    return using[0] == using[1]


# The same steps as in check_then_act/race, hence the same 230 orders; only what is stored differs.
expect(
    schedules=230,
    outcomes={"opened": {(True, False): 10, (False, True): 10, (True, True): 210}},
    verdicts={"opened_once": "violated", "both_use_the_same": "holds"},
)
expect("statement", schedules=66, verdicts={"opened_once": "violated", "both_use_the_same": "holds"})
# Nothing polls from the look to the end of `setdefault`, whose own poll comes after it, and a GIL hides the
# fault: the second finds the connection. What opens a real one calls something, and shows it again.
expect("cpython-3.12", verdicts={"opened_once": "holds", "both_use_the_same": "holds"})
expect("free-threaded", schedules=230, verdicts={"opened_once": "violated", "both_use_the_same": "holds"})
