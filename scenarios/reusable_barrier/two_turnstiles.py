"""A barrier for many rounds has two turnstiles, one open while the other is shut.

The repaired twin of `reusable_barrier/one_turnstile`: the last thread to arrive shuts the second
turnstile and opens the first, the last to leave does the reverse. Nobody can arrive again before
all have left (Downey, "The little book of semaphores", 2008).
"""

from threading import Lock, Semaphore

from lab.scenario import expect, thread

N = 2
ROUNDS = 2

arrived = [0] * N
inside = 0
mutex = Lock()
first = Semaphore(0)
second = Semaphore(1)


@thread(each=range(N))
def walker(i):
    global inside
    for turn in range(ROUNDS):
        arrived[i] = turn + 1
        with mutex:
            inside += 1
            if inside == N:
                second.acquire()
                first.release()
        first.acquire()
        first.release()
        assert all(count > turn for count in arrived), "a thread is a round ahead"
        with mutex:
            inside -= 1
            if inside == 0:
                first.acquire()
                second.release()
        second.acquire()
        second.release()


expect(errors="holds", deadlock="holds")
expect("statement", errors="holds", deadlock="holds")
