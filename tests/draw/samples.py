"""Small scenarios with known figures, and the questions that every figure is asked."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import combinations

from matplotlib.text import Text
from matplotlib.transforms import Bbox

from lab.draw import (
    Drawing,
    Scene,
    Timed,
    architecture,
    concurrency_venn,
    core_turns,
    event_loop_ring,
    event_loop_timeline,
    execution_flows,
    gil_timeline,
    growth_plot,
    interleaving_strips,
    latency_plot,
    outcome_bars,
    progress_grid,
    queues_for_cores,
    refcount_ladder,
    runs_of,
    speed_up_bars,
    state_levels,
    swim_lanes,
    switch_points_in_code,
    time_bars,
    wrong_by_policy,
)
from lab.draw.style import SizeName, settings
from lab.explorer import explore
from lab.explorer.graph import StateGraph, state_graph
from lab.explorer.result import Result
from lab.gil import Call, Cpu, Io, Join, Settings, Start, Thread, Workload, simulate
from lab.gil.library import computing, echo, one_by_one, side_by_side
from lab.gil.loop_example import example_life
from lab.language import parse
from lab.model.policies import policies_for, policy_named
from lab.model.relation import Relation
from lab.model.trace import replay

HEAD = (
    "from lab.scenario import Atomic, Record, always, atomic, decref, final, freed, incref\n"
    "from lab.scenario import inside, region, thread, wait_until\n"
    "import threading\n"
)

RACE = """
refcount = 2
@thread
def T1():
    global refcount
    refcount += 1
@thread
def T2():
    global refcount
    refcount -= 1
@final
def every_update_counted():
    return refcount == 2
"""

LOCKED = """
refcount = 2
lock = threading.Lock()
@thread
def T1():
    global refcount
    with lock:
        refcount += 1
@thread
def T2():
    global refcount
    with lock:
        refcount -= 1
@final
def every_update_counted():
    return refcount == 2
"""

FROM_ONE = """
obj = Record(refs=1)
@thread
def T1():
    incref(obj)
@thread
def T2():
    decref(obj)
@final
def T1_holds_a_living_object():
    return not freed(obj)
"""

INVERSION = """
knife = threading.Lock()
fork = threading.Lock()
@thread
def T1():
    with knife, fork:
        pass
@thread
def T2():
    with fork, knife:
        pass
"""

THREE = """
x = 0
@thread(each=range(3))
def worker(i):
    global x
    x += 1
@final
def all_counted():
    return x == 3
"""

TWICE = """
x = 0
@thread(each=range(2))
def worker(i):
    global x
    for round in range(2):
        x += 1
"""

MIXED = """
flag = [False, False]
turn = Atomic(0)
@thread
def one():
    with region("critical"):
        flag[0] = True
    turn.add(1)
    with atomic():
        flag[0] = False
        flag[1] = turn.load() > 0
@thread
def two():
    wait_until(lambda: flag[0])
    turn.exchange(5)
    return flag[1]
@always
def never_both():
    return not (flag[0] and flag[1])
"""

FIVE = """
x = 0
@thread(each=range(5))
def worker(i):
    global x
    x = i
"""

CROWD = """
inside_now = [0]
@thread(each=range(2))
def guest(i):
    with region("room"):
        inside_now[0] = i
@always
def alone():
    return len(inside("room")) <= 1
"""

VERBOSE = """
the_lock_of_the_left_account = threading.Lock()
the_lock_of_the_right_account = threading.Lock()
@thread
def T1():
    for turn in range(2):
        with the_lock_of_the_left_account, the_lock_of_the_right_account:
            pass
@thread
def T2():
    with the_lock_of_the_right_account:
        pass
"""

LONG = """
x = 0
@thread
def T1():
    global x
    for turn in range(9):
        x += 1
@thread
def T2():
    global x
    x = 0
"""

PINGPONG = """
turn = 0
@thread(each=range(2))
def player(i):
    global turn
    while turn != 2:
        turn = 1 - turn
"""

SPIN = """
ready = False
@thread
def waiter():
    while not ready:
        pass
@thread
def setter():
    global ready
    ready = True
"""

COUNTING = """
ROUNDS = 1
counter = 0
@thread(each=range(2))
def worker(i):
    global counter
    for _ in range(ROUNDS):
        counter += 1
"""

CALL = """
x = 0
def following(number):
    return number + 1
@thread(each=range(2))
def worker(i):
    global x
    x = following(x)
@final
def both():
    return x == 2
"""

SCENARIOS = {
    "call": CALL,
    "race": RACE,
    "locked": LOCKED,
    "from_one": FROM_ONE,
    "inversion": INVERSION,
    "three": THREE,
    "spin": SPIN,
    "twice": TWICE,
    "mixed": MIXED,
    "five": FIVE,
    "crowd": CROWD,
    "verbose": VERBOSE,
    "long": LONG,
    "pingpong": PINGPONG,
}

SIZES: tuple[SizeName, ...] = ("column", "page", "slide")


@cache
def relation(name: str, policy: str = "access") -> Relation:
    """Return the relation of a sample."""
    return Relation(parse(HEAD + SCENARIOS[name], name=f"sample/{name}"), policy_named(policy))


@cache
def result(name: str, policy: str = "access") -> Result:
    """Return the exploration of a sample."""
    return explore(relation(name, policy))


@cache
def graph(name: str, policy: str = "access") -> StateGraph:
    """Return the state graph of a sample."""
    return state_graph(relation(name, policy))


@cache
def rounds(most: int) -> tuple[Result, ...]:
    """Return two threads that count, with 1 to so many rounds each."""
    text = HEAD + COUNTING
    return tuple(
        explore(Relation(parse(text, name="sample/counting", parameters={"ROUNDS": number}), policy_named("access")))
        for number in range(1, most + 1)
    )


@cache
def every_policy(name: str) -> tuple[Result, ...]:
    """Return the explorations of a sample under every policy that differs."""
    return tuple(result(name, policy) for policy in policies_for(tasks=False))


def witness(name: str) -> tuple[str, ...]:
    """Return the first outcome's witness of a sample."""
    return result(name).outcomes[0].witness


SITUATIONS = (
    ("T1", "T1", "T2", "T2"),
    ("T2", "T2", "T1", "T1", "T2"),
    ("T2", "T2", "T2", "T1"),
)

EVERYTHING = Workload(
    (
        Thread("T1", (Cpu(0.008), Call(0.01, keeps=False), Join("T2"))),
        Thread("T2", (Start("T3"), Io(0.01), Cpu(0.004))),
        Thread("T3", (Call(0.009), Cpu(0.004))),
    )
)

FREE = {"model": "free-threaded", "price": 0, "efficiency": 1, "wake": 0, "slack": 0, "jitter": 0, "thread_start": 0}
TWO = side_by_side(computing(0.012, 2))
ONE_CORE = simulate(TWO, Settings(cores=1, slice=0.002, **FREE))  # type: ignore[arg-type]
TWO_CORES = simulate(TWO, Settings(cores=2, slice=0.002, **FREE))  # type: ignore[arg-type]
QUEUES = (Scene("Concurrency", "turns", ("A", "B", "C"), 1, 2), Scene("Parallelism", "at once", ("A", "B"), 2))
VARIANTS = ("new", "per-interpreter", "processes", "free-threaded")
CONVOY = [
    {"interval_s": row[0], "computing_threads": row[1], "simulated_ms": row[2], "measured_ms": row[3]}
    for row in (
        (0.005, 1, 5.7, 6.0), (0.0001, 1, 0.8, 0.9), (0.02, 1, 20.7, None), (0.005, 0, 0.6, 0.5), (0.005, 2, 11, 16),
    )
]  # fmt: skip
TIMES = [
    Timed("Python code", 6.17, 6.9, 0.8),
    Timed("C, keeps the GIL", 50.0, 61.5, 26.0),
    Timed("C, releases it", 1.07),
]

SPEEDS = [
    {"strategy": name, "workers": 2, "simulated_speedup": speed, "measured_speedup": real}
    for name, speed, real in (
        ("sequential", 1, 1),
        ("threads", 1, 0.9),
        ("processes", 1.9, 2),
        ("free-threaded", 1.7, None),
    )
]  # fmt: skip

DRAWINGS: dict[str, Callable[[SizeName], Drawing]] = {
    "strips": lambda size: interleaving_strips(runs_of(relation("race")), size=size),
    "strips of ten": lambda size: interleaving_strips(runs_of(relation("from_one")), size=size),
    "strips of a deadlock": lambda size: interleaving_strips(runs_of(relation("inversion")), size=size),
    "ladder": lambda size: refcount_ladder(runs_of(relation("from_one"), SITUATIONS), total=10, size=size),
    "ladder of an integer": lambda size: refcount_ladder(runs_of(relation("race"))[:2], total=6, size=size),
    "bars": lambda size: outcome_bars(result("race"), result("locked"), size=size),
    "bars of a deadlock": lambda size: outcome_bars(result("inversion"), size=size),
    "bars of ten": lambda size: outcome_bars(result("from_one"), size=size),
    "lanes": lambda size: swim_lanes(replay(relation("race"), ["T1", "T2", "T1", "T2"]), size=size),
    "lanes under a lock": lambda size: swim_lanes(replay(relation("locked"), ["T1"] * 4 + ["T2"] * 4), size=size),
    "lanes of a deadlock": lambda size: swim_lanes(replay(relation("inversion"), ["T1", "T2"]), size=size),
    "lanes of three": lambda size: swim_lanes(
        replay(relation("three"), [f"worker[{i}]" for i in (0, 1, 2, 0, 1, 2)]), size=size
    ),
    "lanes after free": lambda size: swim_lanes(replay(relation("from_one"), SITUATIONS[2]), size=size),
    "lanes in systems": lambda size: swim_lanes(
        replay(relation("twice"), ["worker[0]"] * 4 + ["worker[1]"] * 4), size=size
    ),
    "lanes of many kinds": lambda size: swim_lanes(replay(relation("mixed"), witness("mixed")), size=size),
    "lanes of five": lambda size: swim_lanes(replay(relation("five"), [f"worker[{i}]" for i in range(5)]), size=size),
    "strips of statements": lambda size: interleaving_strips(runs_of(relation("race", "statement")), size=size),
    "strips of many kinds": lambda size: interleaving_strips(runs_of(relation("mixed"))[:8], total=99, size=size),
    "bars of many kinds": lambda size: outcome_bars(result("mixed"), size=size),
    "grid of many kinds": lambda size: progress_grid(graph("mixed"), size=size),
    "grid with long names": lambda size: progress_grid(graph("verbose"), size=size),
    "levels of a game": lambda size: state_levels(graph("pingpong"), size=size),
    "grid": lambda size: progress_grid(graph("race"), size=size),
    "grid of a deadlock": lambda size: progress_grid(graph("inversion"), size=size),
    "grid under a lock": lambda size: progress_grid(graph("locked"), size=size),
    "grid with errors": lambda size: progress_grid(graph("from_one"), size=size),
    "levels": lambda size: state_levels(graph("race"), size=size),
    "levels of a cycle": lambda size: state_levels(graph("spin"), size=size),
    "levels of a deadlock": lambda size: state_levels(graph("inversion"), size=size),
    "code": lambda size: switch_points_in_code(relation("race").program, size=size),
    "code of a call": lambda size: switch_points_in_code(relation("call").program, size=size),
    "policies": lambda size: wrong_by_policy(every_policy("race"), every_policy("call"), size=size),
    "policies of one": lambda size: wrong_by_policy(every_policy("race"), size=size),
    "growth": lambda size: growth_plot(rounds(5), "ROUNDS", size=size),
    "timeline": lambda size: gil_timeline(simulate(echo(2, 3, 0.0005)), until=0.02, size=size),
    "timeline of everything": lambda size: gil_timeline(simulate(EVERYTHING), size=size),
    "timeline of a loop": lambda size: gil_timeline(
        simulate(side_by_side([[Io(0.01), Cpu(0.01)]] * 2), Settings("asyncio")), size=size
    ),
    "picture of queues": lambda size: queues_for_cores(QUEUES, size=size),
    "picture of turns": lambda size: core_turns({"concurrent": ONE_CORE, "parallel": TWO_CORES}, size=size),
    "picture of flows": lambda size: execution_flows({"concurrent": ONE_CORE, "parallel": TWO_CORES}, size=size),
    "picture of sets": lambda size: concurrency_venn(
        {"one by one": simulate(one_by_one(computing(0.01, 2))), "turns": ONE_CORE, "both": TWO_CORES}, size=size
    ),
    "picture of variants": lambda size: architecture(
        {model: simulate(TWO, Settings(model, jitter=0, process_start=0.0)) for model in VARIANTS},  # type: ignore[arg-type]
        0.002,
        size=size,
    ),
    "picture of processes": lambda size: architecture(
        {"p": simulate(side_by_side(computing(0.3, 3)), Settings("processes", cores=4))}, 0.06, size=size
    ),
    "picture of a loop": lambda size: event_loop_timeline(example_life(), size=size),
    "picture of a round": lambda size: event_loop_ring(example_life(), moment=1, size=size),
    "picture of latency": lambda size: latency_plot(CONVOY, "simulated; measured", size=size),
    "picture of times": lambda size: time_bars(
        "A long C call that keeps the GIL makes everybody wait until it returns",
        TIMES,
        "ms",
        "simulated; measured",
        size=size,
    ),
    "picture of simulated times": lambda size: time_bars(
        "Sleeps add up", [Timed("3 routines", 8.0)], "s", "simulated", size=size
    ),
    "picture of speed-ups": lambda size: speed_up_bars(SPEEDS, "computing", "simulated; measured", size=size),
}


TOO_LARGE: frozenset[tuple[str, SizeName]] = frozenset(
    {
        ("lanes of many kinds", "slide"),
        ("lanes of five", "slide"),
        ("bars of many kinds", "slide"),
        ("grid with long names", "slide"),
    }
)
"""What does not fit a slide: a sentence says so instead."""


@cache
def drawing(name: str, size: SizeName) -> Drawing:
    """Return one drawing; tests only read it."""
    return DRAWINGS[name](size)


def texts(made: Drawing) -> list[Text]:
    """Return the texts of a drawing."""
    return [text for text in made.axes.texts if text.get_text()]


def words(made: Drawing) -> list[str]:
    """Return what the texts say."""
    return [text.get_text() for text in texts(made)]


@cache
def boxes(made: Drawing) -> list[tuple[str, Bbox]]:
    """Return each text with the box that the renderer gives it, in points."""
    with settings():
        root = made.axes.get_figure(root=True)
        assert root is not None
        renderer = root.canvas.get_renderer()  # type: ignore[attr-defined]
        return [(text.get_text(), text.get_window_extent(renderer)) for text in texts(made)]


def overlaps(made: Drawing, slack: float = 0.75) -> list[tuple[str, str]]:
    """Return the pairs of texts whose boxes share more than a hair's breadth."""
    found = []
    for (one, a), (other, b) in combinations(boxes(made), 2):
        width = min(a.x1, b.x1) - max(a.x0, b.x0)
        height = min(a.y1, b.y1) - max(a.y0, b.y0)
        if width > slack and height > slack:
            found.append((one, other))
    return found


def marks(made: Drawing, prefix: str) -> list[str]:
    """Return the names of the marks that begin with a prefix, in the order drawn."""
    return [str(child.get_gid()) for child in made.axes.get_children() if str(child.get_gid() or "").startswith(prefix)]
