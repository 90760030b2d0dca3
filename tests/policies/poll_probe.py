"""Whether an interpreter polls its eval breaker within a window, measured exactly and at once.

A program of the standard library for Python 2.7 and later, which other interpreters run by path: reads windows as JSON,
prints for each whether fresh code and code that has run often poll in it.

The eval breaker is also looked at for pending calls, at the same places. Reading `o.v` calls, from within the opcode,
the C function `Py_AddPendingCall`; writing `o.w` notes, from within the opcode, that the window is over. Where the
pending call was made before that, the interpreter polled in between, and could have released the GIL there.
"""

import ctypes
import json
import sys
from functools import partial

WARM = 200

log = []


def polled(_):
    log.append("poll")
    return 0


callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(polled)
request = partial(ctypes.pythonapi.Py_AddPendingCall, callback, None)


class Shared(int):
    v = property(request)
    w = property(request, log.insert)


class Table(object):  # noqa: UP004 - for 2.7
    __contains__ = staticmethod(request)


def polls(prelude, window, rounds):
    """Whether the last of several rounds polled between the read and the write."""
    names = {"o": Shared(10**6), "table": Table(), "__metaclass__": type, "__name__": "probe"}
    exec(prelude, names)
    exec("def run():\n" + "".join("    " + line + "\n" for line in window.splitlines()), names)
    for _ in range(rounds):
        del log[:]
        names["run"]()
    if "write" not in log:
        raise AssertionError("the window never ends")
    return log[0] == "poll"


def main():
    asked = json.load(sys.stdin)
    if sys.version_info < (3,):  # noqa: UP036 - for 2.7
        import Queue

        sys.modules["queue"] = Queue
    found = {}
    for name, window in asked["windows"].items():
        try:
            found[name] = [polls(asked["prelude"], window, rounds) for rounds in (1, WARM)]
        except (SyntaxError, ImportError):
            found[name] = None
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
