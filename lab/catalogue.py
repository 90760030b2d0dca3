"""The scenarios the lab ships: where they are, what they are called, what they declare, in the order of teaching.

Everything here is read from the files' text at once; nothing is explored and nothing of a scenario runs.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lab.errors import UsageError

__all__ = [
    "FIGURES",
    "TOPICS",
    "Declared",
    "Entry",
    "Figure",
    "Topic",
    "entries",
    "figure_of",
    "folder",
    "names",
    "resolve",
]

Declared = Literal["faulty", "sound"]
Figure = Literal["outcomes", "lanes", "strips", "ladder", "grid", "levels"]


@dataclass(frozen=True)
class Topic:
    """One folder of scenarios: its name, its title, and its files in the order of teaching, the faulty ones first.

    `figure` is the family of figures that suits them; `OTHER_FIGURES` names those that another one suits.
    """

    folder: str
    title: str
    files: tuple[str, ...]
    figure: Figure = "strips"


TOPICS = (
    Topic("lost_update", "Lost update", ("race", "locked", "own_counter", "call_in_window", "call_in_window_locked")),
    Topic(
        "refcount",
        "Reference counts",
        (
            "race",
            "locked",
            "from_one",
            "from_one_locked",
            "from_one_owned",
            "from_two",
            "from_two_locked",
            "from_two_atomic",
            "borrow",
            "borrow_locked",
            "borrow_try",
        ),
    ),
    Topic("property", "An attribute that is a function", ("getter_and_setter", "getter", "locked")),
    Topic("list_operations", "Which list operations are one step", ("append", "first_item", "pop_if_any", "locked")),
    Topic("wrong_lock", "The wrong lock", ("two_locks", "one_lock"), "grid"),
    Topic("check_then_act", "Check, then act", ("race", "setdefault", "locked"), "grid"),
    Topic("locked_methods", "A class whose methods are locked", ("compound", "one_method")),
    Topic("singleton", "The one shared object", ("race", "locked", "published_early", "double_checked"), "grid"),
    Topic("tickets", "Selling tickets", ("race", "locked"), "grid"),
    Topic("bank", "An invariant over two accounts", ("race", "locked"), "grid"),
    Topic("exception_in_lock", "An exception while a lock is held", ("acquire_release", "with_lock"), "lanes"),
    Topic("lock_order", "Lock order", ("inversion", "ordered"), "grid"),
    Topic("philosophers", "Dining philosophers", ("all_left", "left_hander", "footman"), "levels"),
    Topic("self_deadlock", "A lock taken twice", ("lock", "rlock"), "lanes"),
    Topic("polite", "Polite livelock", ("after_you", "one_insists"), "levels"),
    Topic("priority_inversion", "Priority inversion", ("no_inheritance", "inheritance"), "lanes"),
    Topic(
        "producer_consumer", "Producers and consumers", ("if_once", "while_loop", "wait_for", "bounded_queue"), "levels"
    ),
    Topic("lost_wakeup", "Lost wake-up", ("unlocked_test", "locked_test", "event"), "lanes"),
    Topic("sleep_order", "Sleeping is not waiting", ("sleep", "event")),
    Topic("two_waiters", "Two kinds of waiters", ("notify_one", "notify_all", "two_conditions"), "outcomes"),
    Topic("queue_join", "Waiting for a queue to be done", ("forgotten", "finally_done"), "lanes"),
    Topic("rendezvous", "Rendezvous", ("wait_first", "signal_first"), "grid"),
    Topic("cigarette_smokers", "Cigarette smokers", ("naive", "pushers"), "lanes"),
    Topic("reusable_barrier", "Reusable barrier", ("one_turnstile", "two_turnstiles", "barrier"), "outcomes"),
    Topic("readers_writers", "Readers and writers", ("room_only", "turnstile"), "outcomes"),
    Topic("iterating", "Iterating while others change", ("dict_changes", "list_skips", "copied")),
    Topic("closure", "A closure in a loop", ("late", "bound"), "lanes"),
    Topic("start_and_join", "Start and join", ("one_by_one", "all_then_all", "read_early", "read_after_join"), "lanes"),
    Topic("daemon", "A daemon cut off in its work", ("cut_off", "joined"), "lanes"),
    Topic("fork", "A fork beside threads", ("held_lock", "spawn"), "lanes"),
    Topic("check_await_act", "asyncio: check, await, act", ("race", "recheck", "locked")),
    Topic("lock_across_await", "asyncio: two kinds of lock", ("threading_lock", "asyncio_lock"), "lanes"),
    Topic("blocking_call", "asyncio: a call that blocks the loop", ("time_sleep", "asyncio_sleep", "to_thread")),
    Topic("cancelled", "asyncio: cancelled in the middle", ("half_done", "rolled_back", "completed"), "lanes"),
    Topic("sibling_tasks", "asyncio: a task fails beside others", ("gathered", "task_group"), "lanes"),
    Topic("test_and_set", "Test and set", ("split", "exchange"), "levels"),
    Topic("compare_and_swap", "Compare and swap", ("store", "retry")),
    Topic("ticket_lock", "Ticket lock", ("plain", "atomic"), "levels"),
    Topic("treiber_stack", "A lock-free stack", ("reused", "tagged"), "lanes"),
    Topic("dekker", "Dekker's ladder", ("first", "second", "third", "fourth", "dekker"), "levels"),
    Topic("peterson", "Peterson's algorithm", ("swapped", "peterson"), "levels"),
    Topic("filter_lock", "Filter lock", ("one_room", "filter_lock"), "outcomes"),
    Topic("bakery", "Lamport's bakery", ("no_choosing", "bakery"), "outcomes"),
    Topic(
        "biased_refcount",
        "Biased reference counts",
        ("queue_and_merge", "owner_exited", "subtracts_and_queues", "poll_in_two_steps", "zero_in_two_steps"),
        "outcomes",
    ),
)
"""The order of teaching; a file that it does not name comes last in its folder, a folder last of all."""


OTHER_FIGURES: dict[str, Figure] = {
    "refcount/from_one": "ladder",
    "refcount/from_one_locked": "ladder",
    "refcount/from_one_owned": "ladder",
    "refcount/from_two": "ladder",
    "refcount/from_two_locked": "ladder",
    "refcount/from_two_atomic": "ladder",
    "refcount/borrow": "lanes",
    "refcount/borrow_locked": "lanes",
    "refcount/borrow_try": "lanes",
    "philosophers/footman": "outcomes",
    "cigarette_smokers/pushers": "outcomes",
}
"""The scenarios that another figure suits than the others of their topic."""

FIGURES: dict[Figure, str] = {
    "outcomes": "its outcomes as bars",
    "lanes": "one schedule as lanes",
    "strips": "all its orders side by side",
    "ladder": "the object and its count as a ladder",
    "grid": "the progress of both threads as a grid",
    "levels": "its states by levels",
}
"""Each family of figures in words."""


@dataclass(frozen=True)
class Entry:
    """What a shipped scenario says about itself.

    Attributes
    ----------
    name : str
        Its path below the scenarios' folder, without `.py`.
    title, topic : str
        The docstring's first line; the topic's title.
    path : Path
        The file.
    declared : Mapping[str, str]
        By policy, what its expectations for the parameters' own values come to: "faulty" if they expect a violated
        verdict, a deadlock or an uncaught exception, "sound" if they expect verdicts and none of these.
    """

    name: str
    title: str
    topic: str
    path: Path
    declared: Mapping[str, Declared]


def folder() -> Path:
    """Return the folder of the scenarios: inside an installed package, or at the top of a checkout.

    Raises
    ------
    UsageError
        If the installation has none.
    """
    package = Path(__file__).resolve().parent
    for place in (package / "scenarios", package.parent / "scenarios"):
        if place.is_dir():
            return place
    raise UsageError("this installation of the lab has no scenarios")


def names() -> tuple[str, ...]:
    """Return the names of all shipped scenarios in the order of teaching."""
    root = folder()
    found = [path.relative_to(root).with_suffix("").as_posix() for path in root.rglob("*.py")]
    return tuple(sorted(found, key=_place))


def _place(name: str) -> tuple[int, int, str]:
    where, _, file = name.rpartition("/")
    for number, topic in enumerate(TOPICS):
        if topic.folder == where:
            return number, topic.files.index(file) if file in topic.files else len(topic.files), name
    return len(TOPICS), 0, name


def entries() -> tuple[Entry, ...]:
    """Return an entry for each shipped scenario in the order of teaching.

    Notes
    -----
    Parses every file once, and explores none.
    """
    root = folder()
    return tuple(_entry(name, root / f"{name}.py") for name in names())


def _entry(name: str, path: Path) -> Entry:
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    title = (ast.get_docstring(tree) or name).partition("\n")[0]
    where = name.rpartition("/")[0]
    topic = next((topic.title for topic in TOPICS if topic.folder == where), where)
    return Entry(name, title, topic, path, _declared(tree))


def _declared(tree: ast.Module) -> dict[str, Declared]:
    declared: dict[str, Declared] = {}
    for node in tree.body:
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
            continue
        call = node.value
        if not (isinstance(call.func, ast.Name) and call.func.id == "expect"):
            continue
        claims = {word.arg: _literal(word.value) for word in call.keywords if word.arg}
        policy = _literal(call.args[0]) if call.args else claims.get("policy", "access")
        judged = _judged(claims)
        if judged is not None and not claims.get("set") and declared.get(policy) != "faulty":
            declared[policy] = judged
    return declared


def _literal(node: ast.expr) -> Any:
    """Return the literal's value; `set()`, which is no literal for Python, is the empty set."""
    return set() if ast.unparse(node) == "set()" else ast.literal_eval(node)


def _judged(claims: Mapping[str, Any]) -> Declared | None:
    """Return what the claims of one `expect` come to, None if they say nothing about right and wrong."""
    verdicts = [
        *claims.get("verdicts", {}).values(),
        *(claims[key] for key in ("deadlock", "livelock") if key in claims),
    ]
    if "violated" in verdicts or claims.get("errors") not in (None, "holds", set(), ()):
        return "faulty"
    return "sound" if verdicts or "errors" in claims else None


def figure_of(name: str) -> Figure | None:
    """Return the family of figures that suits a shipped scenario, None for a name that the table does not have.

    Examples
    --------
    >>> figure_of("refcount/race"), figure_of("refcount/from_one"), figure_of("counter")
    ('strips', 'ladder', None)
    """
    where, _, file = name.rpartition("/")
    topic = next((topic for topic in TOPICS if topic.folder == where and file in topic.files), None)
    return OTHER_FIGURES.get(name, topic.figure) if topic else None


def resolve(text: str) -> tuple[Path, str]:
    """Return the file and the scenario name for what a user typed: a shipped scenario's name, or a file's path.

    A shipped scenario is named by its path below the scenarios' folder, any other file by its path without `.py`.

    Raises
    ------
    UsageError
        If there is neither; the message suggests near names.
    """
    root = folder()
    path = Path(text)
    if path.is_file():
        whole = path.resolve()
        place = whole.relative_to(root) if whole.is_relative_to(root) else path
        return path, place.with_suffix("").as_posix()
    known = names()
    name = text.removesuffix(".py")
    if name in known:
        return root / f"{name}.py", name
    raise UsageError(_unknown(text, name, known))


def _unknown(text: str, name: str, known: tuple[str, ...]) -> str:
    inside = [one for one in known if one.startswith(name.rstrip("/") + "/")]
    if inside:
        return f"{text!r} is a topic; name one of {', '.join(inside)}"
    near = [one for one in known if one.endswith("/" + name)] or difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    what = f"there is no {'file' if text.endswith('.py') else 'scenario'} {text!r}"
    return f"{what}; did you mean {' or '.join(near)}?" if near else f"{what}; `lab list` shows the scenarios there are"
