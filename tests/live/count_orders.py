"""A program for any interpreter: every order of two threads of one and of three increments, by the runner alone."""

import runpy
from pathlib import Path

if __name__ == "__main__":
    runpy.run_path(str(Path(__file__).resolve().parents[2] / "lab" / "live" / "runner" / "by_path.py"))

from lab.live.runner import controlled
from lab.live.runner.opcodes import Opcodes

total = 0


def once():
    global total
    total += 1


def thrice():
    global total
    for _ in range(3):
        total += 1


def every_order(function):
    """Run every order, depth first; return how many there are, and the sums seen."""
    global total
    sums, orders, prefix = set(), 0, []
    with Opcodes([function.__code__]) as seen, controlled() as control:
        while True:
            choices = []

            def choose(session, enabled, choices=choices):
                position = len(choices)
                choices.append([worker.name for worker in enabled])
                if position == len(prefix):
                    prefix.append(0)
                return enabled[prefix[position]]

            total = 0
            assert control.run([function, function], choose, enter=seen.enter).status == "finished"
            sums.add(total)
            orders += 1
            while prefix and prefix[-1] + 1 == len(choices[len(prefix) - 1]):
                prefix.pop()
            if not prefix:
                return orders, sorted(sums)
            prefix[-1] += 1


if __name__ == "__main__":
    for function in (once, thrice):
        print(*every_order(function))
