"""Pushers put the ingredients together before they wake a smoker.

The repaired twin of `cigarette_smokers/naive`. Nobody takes from the table but three pushers, one for
each ingredient. A pusher that finds the table empty writes down what came; one that finds another
ingredient there knows who can smoke, and wakes that smoker alone. A smoker waits for one thing, not
for two.
"""

from threading import Lock, Semaphore

from lab.scenario import choose, expect, final, thread

table = [Semaphore(0), Semaphore(0), Semaphore(0)]
ready = [Semaphore(0), Semaphore(0), Semaphore(0)]
noting = Lock()
noted = None  # the ingredient that lies there alone
smoked = Semaphore(0)
closed = False
served = None
missing = None


@thread
def agent():
    global closed, missing
    missing = owner = choose(0, 1, 2)
    table[(owner + 1) % 3].release()
    table[(owner + 2) % 3].release()
    smoked.acquire()
    closed = True
    table[owner].release()
    ready[(owner + 1) % 3].release()
    ready[(owner + 2) % 3].release()


@thread(each=range(3))
def pusher(i):
    global noted
    table[i].acquire()
    with noting:
        if not closed:
            if noted is None:
                noted = i
            else:
                ready[3 - i - noted].release()


@thread(each=range(3))
def smoker(i):
    global served
    ready[i].acquire()
    if not closed:
        served = i
        smoked.release()


@final
def the_right_one_has_smoked():
    return served == missing


# Of the two pushers whose ingredients came, the first notes and the second wakes the third smoker:
# the numbers of all three add up to 3. At the end the agent frees those who still wait.
expect(verdicts={"the_right_one_has_smoked": "holds"}, deadlock="holds", errors="holds")
expect("statement", verdicts={"the_right_one_has_smoked": "holds"}, deadlock="holds", errors="holds")
expect("cpython-3.12", verdicts={"the_right_one_has_smoked": "holds"}, deadlock="holds", errors="holds")
expect("free-threaded", verdicts={"the_right_one_has_smoked": "holds"}, deadlock="holds", errors="holds")
