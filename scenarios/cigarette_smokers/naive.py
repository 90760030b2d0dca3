"""Three smokers help themselves, and each has what another one needs.

A cigarette takes tobacco, paper and a match. Each smoker has plenty of one ingredient; an agent puts
the other two of somebody's three on the table. If each smoker takes what he needs one by one, one
may take the first and another the second ingredient, and everybody waits: the agent for a smoker,
the smokers for what lies in somebody's hand.

Nobody did anything in the wrong order: whoever needs two things must not take the first before he
knows that he gets the second.
"""

from threading import Semaphore

from lab.scenario import choose, expect, final, question, thread

table = [Semaphore(0), Semaphore(0), Semaphore(0)]
smoked = Semaphore(0)
closed = False
served = None  # who has smoked
missing = None  # who has what is not on the table


@thread
def agent():
    global closed, missing
    missing = owner = choose(0, 1, 2)
    table[(owner + 1) % 3].release()
    table[(owner + 2) % 3].release()
    smoked.acquire()
    closed = True  # the end: the other two may go
    for ingredient in table:
        ingredient.release(2)


@thread(each=range(3))
def smoker(i):
    global served
    table[(i + 1) % 3].acquire()
    table[(i + 2) % 3].acquire()
    if not closed:
        served = i
        smoked.release()


@final
def the_right_one_has_smoked():
    return served == missing


# Let 1 and 2 be on the table, for smoker 0. He takes 1; smoker 1 begins with 2, and takes it. Now 0
# waits for 2, 1 for 0, smoker 2 for 0, and the agent for somebody who smokes.
expect(verdicts={"the_right_one_has_smoked": "holds"}, deadlock="violated", errors="holds")
expect("statement", verdicts={"the_right_one_has_smoked": "holds"}, deadlock="violated", errors="holds")
expect("cpython-3.12", verdicts={"the_right_one_has_smoked": "holds"}, deadlock="violated", errors="holds")
expect("free-threaded", verdicts={"the_right_one_has_smoked": "holds"}, deadlock="violated", errors="holds")

# A smoker smokes before the end only with both of his ingredients, and they are on the table once.
question("Can all wait for ever, with two ingredients taken from the table?", violated="deadlock", answer=True)
question("Can somebody smoke whose turn it is not?", violated="the_right_one_has_smoked", answer=False)
