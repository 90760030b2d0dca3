"""A barrier with one turnstile is good for one round.

The last thread to arrive opens the turnstile, and each passes it on. Nobody ever closes it: in the
second round a fast thread walks straight through, while the other has not even arrived.
"""

from threading import Lock, Semaphore

from lab.scenario import expect, thread

N = 2
ROUNDS = 2

arrived = [0] * N
inside = 0
mutex = Lock()
turnstile = Semaphore(0)


@thread(each=range(N))
def walker(i):
    global inside
    for turn in range(ROUNDS):
        arrived[i] = turn + 1
        with mutex:
            inside += 1
            if inside == N:
                turnstile.release()
        turnstile.acquire()
        turnstile.release()
        assert all(count > turn for count in arrived), "a thread is a round ahead"


# After the first round the turnstile is open for good, and `inside` never equals N again. Who is
# fast passes in the second round before the other has arrived there.
expect(errors={"AssertionError: a thread is a round ahead"}, deadlock="holds")
expect("statement", errors={"AssertionError: a thread is a round ahead"}, deadlock="holds")
