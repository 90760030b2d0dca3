"""The filter lock, entered again and again."""

from lab.scenario import always, inside, region, thread

THREADS = 4

room = [0] * THREADS  # which room each thread has reached
last = [0] * THREADS  # who came last, by room


def somebody_at(stage, me):
    for other in range(THREADS):
        if other != me and room[other] >= stage:
            return True
    return False


@thread(each=range(THREADS))
def process(me):
    while True:
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
