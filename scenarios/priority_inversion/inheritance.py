"""Who holds a lock inherits the priority of those who wait for it.

The repaired twin of `priority_inversion/no_inheritance`. When the high thread has to wait, the low
one, which holds the lock, runs at high priority until it gives the lock back. The middle thread
waits, as it should.
"""

from lab.scenario import always, atomic, expect, thread, wait_until

WORK = 2

wants = [1, 0, 0]  # at which priority a thread wants the processor: low, middle, high; 0: not at all
held = False  # by the low thread
waiting = False  # the high thread, for the lock
delayed = 0  # how often the middle thread ran meanwhile


@thread
def low():
    global held, waiting
    with atomic():
        wait_until(lambda: wants[0] == max(wants))
        held = True
    with atomic():
        wait_until(lambda: wants[0] == max(wants))
        held = False
        wants[0] = 0
        if waiting:
            waiting = False
            wants[2] = 3


@thread
def middle():
    global delayed
    wants[1] = 2
    for _ in range(WORK):
        with atomic():
            wait_until(lambda: wants[1] == max(wants))
            if waiting:
                delayed += 1
    wants[1] = 0


@thread
def high():
    global waiting
    wants[2] = 3
    with atomic():
        wait_until(lambda: wants[2] == max(wants))
        if held:
            waiting = True
            wants[0] = 3
            wants[2] = 0
    with atomic():
        wait_until(lambda: wants[2] == max(wants) and not waiting)
        wants[2] = 0


@always
def the_high_one_never_waits_for_the_middle_one():
    return delayed == 0


# From when the high one waits until the lock is back, the low one wants the processor at priority 3.
expect(verdicts={"the_high_one_never_waits_for_the_middle_one": "holds"}, deadlock="holds", errors="holds")
expect("statement", verdicts={"the_high_one_never_waits_for_the_middle_one": "holds"}, deadlock="holds", errors="holds")
expect(
    "free-threaded", verdicts={"the_high_one_never_waits_for_the_middle_one": "holds"}, deadlock="holds", errors="holds"
)
