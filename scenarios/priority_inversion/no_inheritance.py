"""A thread of high priority waits for a lock, and so for everybody in between.

One processor always runs the ready thread of the highest priority. The low thread holds a lock; the
high one wakes up, wants the lock, and has to wait. That is fair. But now a thread of middle priority
wakes up: it needs no lock, and it is more urgent than the low one, which therefore cannot go on and
cannot give the lock back. The most urgent thread of all waits for one that has nothing to do with it.

In 1997 this made the computer of Mars Pathfinder start anew again and again.
"""

from lab.scenario import always, atomic, expect, question, thread, wait_until

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
            wants[2] = 0
    with atomic():
        wait_until(lambda: wants[2] == max(wants) and not waiting)
        wants[2] = 0


@always
def the_high_one_never_waits_for_the_middle_one():
    return delayed == 0


# Low takes the lock, high wakes up and waits, middle wakes up: 2 against 1, middle runs.
expect(verdicts={"the_high_one_never_waits_for_the_middle_one": "violated"}, deadlock="holds", errors="holds")
expect(
    "statement", verdicts={"the_high_one_never_waits_for_the_middle_one": "violated"}, deadlock="holds", errors="holds"
)
expect(
    "free-threaded",
    verdicts={"the_high_one_never_waits_for_the_middle_one": "violated"},
    deadlock="holds",
    errors="holds",
)

# Both of its rounds, if it wakes up after the high one began to wait and before the lock is back.
question("Can the middle thread do all of its work while the high one waits?", outcome={"delayed": 2}, answer=True)
question("Does anybody wait for ever?", violated="deadlock", answer=False)
