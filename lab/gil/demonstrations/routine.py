"""Calling an ordinary function runs it, to its end.

The caller waits for `return`: a routine is entered in one place and left in another, and nothing of the caller's runs
in between.
"""

import inspect
import time


def routine(pause: float = 0.1) -> str:
    print(f"The routine sleeps for {pause} s.")
    time.sleep(pause)
    return "hello, routine"


if __name__ == "__main__":
    print("inspect.isroutine(routine):", inspect.isroutine(routine))
    result = routine()
    print("routine() gave", repr(result))
