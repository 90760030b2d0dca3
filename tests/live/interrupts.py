"""Interrupt explorations at many moments, and look whether the interpreter is as before: a process of its own."""

import signal
import sys
import time
from contextlib import suppress

from lab.live import explore
from tests.live.test_faults import State, add, tidy


def _stop(number, frame):
    raise KeyboardInterrupt


def interrupted(after):
    """Begin an exploration, and interrupt it after so many seconds."""
    with suppress(KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, after)
        explore([add] * 2, setup=State)
        time.sleep(1)


def main():
    """Some at fixed moments, also while names and functions are replaced the first time; others spread over one."""
    expected = tidy()
    signal.signal(signal.SIGALRM, _stop)
    sys.unraisablehook = lambda _: None  # some of them come within a finalizer
    for position in range(1, 11):
        interrupted(0.0005 * position)
        assert tidy() == expected
    explore([add] * 2, setup=State)
    begun = time.perf_counter()
    explore([add] * 2, setup=State)
    lasts = time.perf_counter() - begun
    for position in range(1, 201):
        interrupted(lasts * position / 180)
        assert tidy() == expected
    print("clean after 210 interrupts")


if __name__ == "__main__":
    main()
