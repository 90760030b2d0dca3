"""A daemon thread saves a file, and the program ends in the middle.

A daemon is a thread that the end of the program does not wait for. It is cut off wherever it stands,
without `finally` and without a word. That suits a thread that only watches; this one had work to finish.
"""

import threading

from lab.scenario import expect, final, main, question

saved = []


def save():
    saved.append("header")
    saved.append("data")


@main
def program():
    threading.Thread(target=save, daemon=True).start()


@final
def everything_saved():
    return len(saved) == 2


# The end of the program is a step of the main thread. After the start it may come before the daemon's
# two steps, between them, or after them.
expect(
    schedules=3,
    outcomes={"saved": {(): 1, ("header",): 1, ("header", "data"): 1}},
    verdicts={"everything_saved": "violated", "deadlock": "holds"},
)
expect(
    "cpython-3.12", outcomes={"saved": {(), ("header",), ("header", "data")}}, verdicts={"everything_saved": "violated"}
)

question("Can the header be saved and the data be lost?", outcome={"saved": ("header",)}, answer=True)
