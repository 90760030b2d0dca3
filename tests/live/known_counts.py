"""Prints how many orders and how many truly different runs two threads of one and of three increments have.

Run by path in other interpreters: `python known_counts.py FOLDER ...`, with the folders to import from.
"""

import sys

sys.path[:0] = sys.argv[1:]

from lab.live import explore  # noqa: E402 - from the folders above


class State:
    def __init__(self):
        self.x = 0


def once(state):
    state.x += 1


def thrice(state):
    for _ in range(3):
        state.x += 1


for thread in (once, thrice):
    every = explore([thread] * 2, setup=State, strategy="all")
    fewest = explore([thread] * 2, setup=State)
    sums = sorted(dict(one.state[1])["x"] for one in fewest.outcomes)
    print(every.executions, fewest.executions, fewest.blocked, sums, every.notes + fewest.notes)
