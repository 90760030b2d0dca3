"""Small programs, each with one thing that is hard to export."""

from __future__ import annotations

from lab import catalogue

__all__ = ["EXPORTED", "LEFT_OUT", "PROGRAMS"]

LEFT_OUT = "daemon/cut_off"
"""A program that can end while one of its threads goes on, which no model for SPIN can say."""

EXPORTED = tuple(name for name in catalogue.names() if name != LEFT_OUT)

HEAD = """import threading

from lab.scenario import Atomic, always, choose, final, inside, region, sometimes, thread

"""

PROGRAMS = {
    "a variable that is only written": """
        x = 0

        @thread(each=range(3))
        def T(i):
            global x
            x = i
            x = 7
        """,
    "values that are no numbers": """
        word = "a"
        flag = None

        @thread
        def T1():
            global word, flag
            word += "*/"
            flag = 1.5

        @thread
        def T2():
            global word, flag
            word += 'ü'
            flag = True

        @final
        def somebody_was_last():
            return flag is True
        """,
    "large and negative numbers": """
        LIMIT = 2 ** 40
        x = 0
        y = 0
        z = 0

        @thread(each=range(2))
        def T(i):
            global x, y, z
            x -= 1
            y += 300
            z += 2 ** 40

        @always
        def small():
            return x > -2
        """,
    "arithmetic on a counter": """
        x = Atomic(0)

        @thread(each=range(3))
        def T(i):
            for _ in range(4):
                x.add(i - 1)

        @always
        def near():
            return -4 < x.load() < 4
        """,
    "several results, some of them alike": """
        x = 0

        @thread(each=range(2))
        def T(i):
            global x
            r = choose(0, 1, 1)
            x += r
            return r

        @final
        def some():
            return x > 0
        """,
    "exceptions and different returns": """
        table = {}

        @thread(each=range(2))
        def T(i):
            table[i] = 1
            if len(table) == 2:
                raise ValueError("a second */ one")
            return table[1]

        @final
        def both():
            return len(table) == 2
        """,
    "a property violated from the start": """
        x = 0

        @thread
        def T1():
            global x
            x = 1

        @always
        def one():
            return x == 1
        """,
    "a thread without steps": """
        x = 0

        @thread
        def T1():
            return 3

        @thread
        def T2():
            global x
            x += 1

        @final
        def done():
            return x == 2
        """,
    "names that are taken": """
        len_ = 0
        LOCK = threading.Lock()
        end = 0
        active = [0, 0]

        @thread
        def init():
            global end, len_
            with LOCK:
                end += 1
                active[0] = end
                len_ = end

        @thread
        def run():
            global end, len_
            with LOCK:
                end += 1
                active[1] = len_
                len_ = active[0]

        @sometimes
        def atomic():
            return len_ == 1
        """,
    "threads that never end": """
        turn = 0

        @thread(each=range(3))
        def T(i):
            global turn
            while True:
                with region("here"):
                    if turn == i:
                        turn = (i + 1) % 3

        @always
        def alone():
            return len(inside("here")) == 3
        """,
    "a lock that nobody gives back": """
        locks = [threading.Lock() for _ in range(2)]
        again = threading.RLock()

        @thread(each=range(2))
        def T(i):
            with again:
                again.acquire()
                locks[i].acquire()

        @thread
        def U():
            locks[0].acquire()
            locks[1].acquire()
        """,
    "sixteen components and wide reads": """
        c = [0] * 16

        @thread(each=range(2))
        def T(i):
            c[i] = 1
            c[15 - i] = sum(c[0:2])
            c.reverse()
        """,
}
PROGRAMS = {name: HEAD + "\n".join(line[8:] for line in text.splitlines()) for name, text in PROGRAMS.items()}
