"""The main thread joins the thread, and reads its result after that.

The repair of `start_and_join/read_early`. The end of a thread happens before the `join` that waited for it
returns, so everything that the thread wrote is there: no lock is needed for what one thread writes
before its end and the other reads after it.
"""

import threading

from lab.scenario import expect, final, main

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
    thread.join()
    reported = answer


@final
def the_answer_is_reported():
    return reported == 42


# Start, write, join, read, write: each waits for the one before.
expect(schedules=1, states=6, outcomes={"reported": {42: 1}}, verdicts={"the_answer_is_reported": "holds"}, races=0)
expect("cpython-3.12", schedules=1, outcomes={"reported": {42: 1}}, verdicts={"the_answer_is_reported": "holds"})
expect("free-threaded", schedules=1, outcomes={"reported": {42: 1}}, verdicts={"the_answer_is_reported": "holds"})
