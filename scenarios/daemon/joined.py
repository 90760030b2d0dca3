"""The main thread waits for the daemon that has work to finish.

The repair of `daemon/cut_off`. A thread that is no daemon would do as well: the program ends when
every such thread has ended, joined or not.
"""

import threading

from lab.scenario import expect, final, main

saved = []


def save():
    saved.append("header")
    saved.append("data")


@main
def program():
    saver = threading.Thread(target=save, daemon=True)
    saver.start()
    saver.join()


@final
def everything_saved():
    return len(saved) == 2


# Start, two steps, join, and the end of the program, one after the other.
expect(schedules=1, states=6, outcomes={"saved": {("header", "data"): 1}}, verdicts={"everything_saved": "holds"})
expect("cpython-3.12", schedules=1, outcomes={"saved": {("header", "data"): 1}}, verdicts={"everything_saved": "holds"})
