"""Two threads take two locks in opposite order.

T1 takes the knife and then wants the fork; T2 takes the fork and then wants the knife. If each has
taken its first, each waits for what the other holds, for ever. No data is touched, no update is
lost, and each thread alone is perfectly correct: the fault lies only in the two of them together.
"""

import threading

from lab.scenario import expect, question, thread

knife = threading.Lock()
fork = threading.Lock()


@thread
def T1():
    with knife:
        with fork:
            pass


@thread
def T2():
    with fork:
        with knife:
            pass


# Acquire, acquire, release, release on both sides. If one takes its first lock and the other its
# first, it is over: 2 orders. Else one gets both and gives the inner one back; then its last
# release and the other's first acquire may swap: 2 x 2 orders. States, as pairs of steps done: one
# has ended or not begun (0 or 4 on some side): 5 + 5 + 3 + 3; and (1, 1), the deadlock, (1, 3), (3,
# 1), where one holds its first lock while the other has only its own first left.
expect(states=19, schedules=6, deadlock="violated")
# Each acquire and each release is a statement of its own.
expect("statement", states=19, schedules=6, deadlock="violated")
# On 3.12 a `with` polls when it gives its lock back and not when it takes it: the first thread takes both
# and gives the inner one back in one step. The other then begins before its last release, and waits, or
# after it: 2 x 2 orders, no deadlock. 3.9 polls after each.
expect("cpython-3.9", states=19, schedules=6, deadlock="violated")
expect("cpython-3.12", schedules=4, deadlock="holds")
expect("free-threaded", states=19, schedules=6, deadlock="violated")

# Two orders end with each holding its first lock; an acquire waits and does not raise.
question("Can both threads wait for ever?", violated="deadlock", answer=True)
question("Can a thread end by an exception, because a lock is already taken?", violated="exceptions", answer=False)
question("In how many orders can the steps happen, deadlocks included?", count="schedules", answer=6)
