"""`threading.Barrier` can be used again and again.

The same as `reusable_barrier/two_turnstiles`, from the library: it lets nobody arrive before all
have left.
"""

from threading import Barrier

from lab.scenario import expect, thread

N = 2
ROUNDS = 2

arrived = [0] * N
gate = Barrier(N)


@thread(each=range(N))
def walker(i):
    for turn in range(ROUNDS):
        arrived[i] = turn + 1
        gate.wait()
        assert all(count > turn for count in arrived), "a thread is a round ahead"


expect(errors="holds", deadlock="holds")
expect("statement", errors="holds", deadlock="holds")
