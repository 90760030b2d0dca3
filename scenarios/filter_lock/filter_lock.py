"""The filter lock: Peterson's algorithm for any number of threads.

A row of waiting rooms, one fewer than there are threads (Peterson 1981). In each room you write
your name on the door as the last to have come, and stay while you still are the last *and* somebody
else is in this room or further on. So every room keeps back at least one of those who come, and
through the last room only one gets at a time.

One room is enough for two threads, and then it is `peterson/peterson`. For three it is not:
`filter_lock/one_room`.
"""

from lab.scenario import always, expect, inside, region, thread

THREADS = 3

room = [0] * THREADS  # which room each thread has reached
last = [0] * THREADS  # who came last, by room


def somebody_at(stage, me):
    for other in range(THREADS):
        if other != me and room[other] >= stage:
            return True
    return False


@thread(each=range(THREADS))
def process(me):
    for stage in range(1, THREADS):
        room[me] = stage
        last[stage] = me
        while last[stage] == me and somebody_at(stage, me):
            pass
    with region("critical"):
        pass
    room[me] = 0


@always
def never_two_inside():
    return len(inside("critical")) <= 1


expect(verdicts={"never_two_inside": "holds", "livelock": "holds"}, deadlock="holds")
expect(set={"THREADS": 2}, verdicts={"never_two_inside": "holds", "livelock": "holds"}, deadlock="holds")
expect("statement", verdicts={"never_two_inside": "holds", "livelock": "holds"}, deadlock="holds")
