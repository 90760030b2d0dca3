"""A home-made lock tests and sets its flag in one step.

The repaired twin of `test_and_set/split`: `exchange(True)` raises the flag and says what it was
before, at once. Of all the threads that try, exactly one gets False as the answer, and that one is
in.

Such a spin lock is correct and unfair: whoever happens to try first after it is given back gets it,
and a thread may try in vain for as long as the others keep coming. For a queue see
`ticket_lock/atomic`.
"""

from lab.scenario import Atomic, always, expect, inside, region, thread

THREADS = 2

taken = Atomic(False)


@thread(each=range(THREADS))
def worker(i):
    while taken.exchange(True):
        pass
    with region("critical"):
        pass
    taken.store(False)


@always
def never_two_inside():
    return len(inside("critical")) <= 1


# A thread tries, is inside, is about to store, or has ended. At most one is in the middle two, so k
# threads have 2^k + k x 2 x 2^(k - 1) = (k + 1) x 2^k states.
expect(
    states=12,
    schedules="infinite",
    verdicts={"never_two_inside": "holds", "livelock": "holds"},
    deadlock="holds",
    races=set(),
)
expect(set={"THREADS": 3}, states=32, verdicts={"never_two_inside": "holds", "livelock": "holds"}, deadlock="holds")
expect("statement", verdicts={"never_two_inside": "holds", "livelock": "holds"}, deadlock="holds")
