"""Each says that it is here, and then waits for the other.

The repaired twin of `rendezvous/wait_first`: signal first, wait second, on both sides.
"""

from threading import Semaphore

from lab.scenario import always, expect, inside, region, thread

a_is_here = Semaphore(0)
b_is_here = Semaphore(0)
met = [False, False]


@thread
def a():
    met[0] = True
    a_is_here.release()
    b_is_here.acquire()
    with region("after"):
        pass


@thread
def b():
    met[1] = True
    b_is_here.release()
    a_is_here.acquire()
    with region("after"):
        pass


@always
def nobody_goes_on_alone():
    return len(inside("after")) == 0 or all(met)


# A thread is in the region from its acquire on, which needs the other's release: by then both have
# met. Of the orders of m r q l on both sides (write, release, acquire, leave), q comes after the
# other's r. Among the first three steps of both: 20 orders, less those in which a's q comes before
# b's r. Then b has done none or one of its steps by a's q: 1 + 3 orders of b's r and q after it, 4
# in all; the same with a and b exchanged: 12 are left. Each l then follows its q, at any time.
expect(verdicts={"nobody_goes_on_alone": "holds"}, deadlock="holds", errors="holds", races=set())
expect("statement", verdicts={"nobody_goes_on_alone": "holds"}, deadlock="holds", errors="holds")
