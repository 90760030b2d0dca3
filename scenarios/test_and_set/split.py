"""A home-made lock tests its flag, and then sets it.

"Wait until it is free, then take it" is what a lock does, so why not write it with a plain
variable? Because testing and setting are two steps: two threads can both find the flag down, and
both take the lock.

This is why processors have an instruction that does both at once: see `test_and_set/exchange`.
"""

from lab.scenario import always, expect, inside, region, thread

THREADS = 2

taken = False


@thread(each=range(THREADS))
def worker(i):
    global taken
    while taken:
        pass
    taken = True
    with region("critical"):
        pass
    taken = False


@always
def never_two_inside():
    return len(inside("critical")) <= 1


expect(verdicts={"never_two_inside": "violated", "livelock": "holds"}, deadlock="holds", races={"taken"})
expect(set={"THREADS": 3}, verdicts={"never_two_inside": "violated", "livelock": "holds"}, deadlock="holds")
expect("statement", verdicts={"never_two_inside": "violated", "livelock": "holds"}, deadlock="holds")
# A test that ends the loop does not poll before the write, so that the two stay together.
expect("cpython-3.12", verdicts={"never_two_inside": "holds", "livelock": "holds"}, deadlock="holds")
expect("free-threaded", verdicts={"never_two_inside": "violated", "livelock": "holds"}, deadlock="holds")
