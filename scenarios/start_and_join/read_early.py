"""The main thread reads the result before it has joined the thread that computes it.

`start` does not wait for anything but the thread's beginning. What the thread will write is not there
yet, or it is: that depends on who is faster. On the machine where it was written the thread may have
been faster every time.

What a thread has written is certain to be there after `join`, and not before.
"""

import threading

from lab.scenario import expect, final, main, question

answer = 0
reported = None


def compute():
    global answer
    answer = 42


@main
def program():
    global reported
    thread = threading.Thread(target=compute)
    thread.start()
    reported = answer
    thread.join()


@final
def the_answer_is_reported():
    return reported == 42


# The thread's one step may come before the read of `answer`, between it and the write of `reported`, or
# after both; then follows the join. Right in the first of the three orders.
expect(
    schedules=3,
    outcomes={"reported": {42: 1, 0: 2}},
    verdicts={"the_answer_is_reported": "violated"},
    races={"answer"},
)
# A GIL takes nothing away: starting a thread lets it run, and nothing makes the main thread wait.
expect(
    "cpython-3.12", schedules=2, outcomes={"reported": {42: 1, 0: 1}}, verdicts={"the_answer_is_reported": "violated"}
)
expect(
    "free-threaded", schedules=3, outcomes={"reported": {42: 1, 0: 2}}, verdicts={"the_answer_is_reported": "violated"}
)

question("Can the main thread report 42 all the same?", outcome={"reported": 42}, answer=True)
