"""Peterson's algorithm with three threads and a single waiting room lets two in.

The wait of Peterson's algorithm keeps back whoever came last, one thread only. When a third thread
comes, its name on the door sets the other two free, both at once. Two threads too many need two
waiting rooms: `filter_lock/filter_lock`.
"""

from lab.scenario import always, expect, inside, region, thread

THREADS = 3

wants = [False] * THREADS
last = 0  # who came last


def somebody_else(me):
    for other in range(THREADS):
        if other != me and wants[other]:
            return True
    return False


@thread(each=range(THREADS))
def process(me):
    global last
    wants[me] = True
    last = me
    while last == me and somebody_else(me):
        pass
    with region("critical"):
        pass
    wants[me] = False


@always
def never_two_inside():
    return len(inside("critical")) <= 1


expect(verdicts={"never_two_inside": "violated", "livelock": "holds"}, deadlock="holds")
expect(set={"THREADS": 2}, verdicts={"never_two_inside": "holds", "livelock": "holds"}, deadlock="holds")
expect("statement", verdicts={"never_two_inside": "violated", "livelock": "holds"}, deadlock="holds")
