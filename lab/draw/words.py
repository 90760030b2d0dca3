"""What happened, in words: the same phrases in marks, titles and alternative texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from lab.model.values import Closure, Ref

if TYPE_CHECKING:
    from lab.explorer.result import Outcome
    from lab.model.state import Access
    from lab.model.trace import Event

__all__ = [
    "act",
    "capital",
    "cells",
    "changes",
    "clipped",
    "count_word",
    "entry_thread",
    "every",
    "family",
    "fraction",
    "listing",
    "needs_place",
    "order_phrase",
    "outcome_lines",
    "pairs",
    "parts",
    "phrase",
    "place",
    "short_names",
    "telling",
    "value_text",
    "who",
]

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_VERBS = {
    "read": "reads", "write": "writes", "load": "loads", "store": "stores", "acquire": "acquires",
    "release": "releases", "free": "frees", "delete": "deletes", "add": "adds to", "exchange": "swaps",
    "compare-exchange": "swaps", "compare-exchange fails": "fails to swap", "length": "measures",
    "contains": "looks in", "end": "reaches the end of", "print": "prints", "copy": "copies",
    "wait on": "waits on", "wait": "passes", "notify": "notifies", "wake": "is woken by", "set": "sets",
    "time out": "waits in vain for", "wake by itself": "wakes by itself at", "arrive": "arrives at",
    "open": "opens", "leave": "leaves", "put": "puts into", "get": "gets from", "task_done": "is done with a task of",
    "join": "joins", "find empty": "finds empty", "find full": "finds full", "find broken": "finds broken",
    "try acquire": "fails to acquire", "is_set": "looks at", "empty": "looks at", "full": "looks at",
}  # fmt: skip
_MOVES = ("reads", "writes", "loads", "stores")
LOOP = "the loop"
"""What every step of a task takes and leaves; a figure names it only where a step does nothing else."""


def count_word(number: int) -> str:
    """Return a number in words up to twelve, in digits grouped by thousands above.

    Examples
    --------
    >>> count_word(4), count_word(34650)
    ('four', '34,650')
    """
    return _NUMBERS[number] if 0 <= number < len(_NUMBERS) else f"{number:,}"


def every(number: int, noun: str = "order") -> str:
    """Return "all six orders", "both orders" or "the one order"."""
    if number == 1:
        return f"the one {noun}"
    first, _, rest = noun.partition(" ")
    return f"{'both' if number == 2 else f'all {count_word(number)}'} {first}s {rest}".strip()


def capital(sentence: str) -> str:
    """Return a sentence with its first letter in upper case."""
    return sentence[:1].upper() + sentence[1:]


def listing(parts: Sequence[str], last: str = "and") -> str:
    """Join words as a sentence does: commas, and a word before the last."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def clipped(text: str, length: int) -> str:
    """Return a text no longer than so many characters, an ellipsis for what is left out."""
    return text if len(text) <= length else text[: length - 1] + "…"


def fraction(value: Fraction | None) -> str:
    """Return an exact share as a/b; a question mark where it is not known; long ones as a rounded percentage."""
    if value is None:
        return "?"
    if value.denominator == 1:
        return str(value.numerator)
    exact = f"{value.numerator}/{value.denominator}"
    return exact if len(exact) <= 7 else f"≈ {float(value) * 100:.3g} %"


def value_text(value: Any, length: int = 20) -> str:
    """Return a value as short Python text; a record as its count, "freed" once it is freed."""
    if isinstance(value, Mapping):
        if set(value) == {"class", "fields"}:
            fields = (f"{name}={value_text(item, length)}" for name, item in value["fields"].items())
            return clipped(f"{value['class']}({', '.join(fields)})", length)
        if {"refs", "freed"} <= set(value):
            rest = {name: item for name, item in value.items() if name not in ("refs", "freed")}
            text = f"{value['refs']}{' freed' if value['freed'] else ''}"
            return clipped(text + (f" {value_text(rest, length)}" if rest else ""), length)
        items = (f"{name}={value_text(item, length)}" for name, item in value.items())
        return clipped("{" + ", ".join(items) + "}", length)
    if isinstance(value, (list, tuple)):
        return clipped("[" + ", ".join(value_text(item, length) for item in value) + "]", length)
    return clipped(repr(value) if isinstance(value, str) else str(value), length)


def cells(states: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Take shared values apart into the cells that change alone, in the same way in every state.

    A list or dict whose shape is the same in all states becomes its elements, an object its fields, a record its count
    and its fields; everything else stays whole.

    Examples
    --------
    >>> cells([{"flag": [0, 1], "x": 2}])
    [{'flag[0]': 0, 'flag[1]': 1, 'x': 2}]
    """
    shapes: dict[str, set[tuple[str, ...]]] = {}
    for state in states:
        for name, value in state.items():
            shapes.setdefault(name, set()).add(tuple(_elements(name, value)))
    whole = {name for name, found in shapes.items() if len(found) > 1}
    return [
        {
            cell: inner
            for name, value in state.items()
            for cell, inner in ({name: value} if name in whole else _elements(name, value)).items()
        }
        for state in states
    ]


def _elements(name: str, value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        if {"refs", "freed"} <= set(value):
            count = {"refs": value["refs"], "freed": value["freed"]}
            return {name: count} | {f"{name}.{key}": item for key, item in value.items() if key not in count}
        if set(value) == {"class", "fields"}:
            return {f"{name}.{key}": item for key, item in value["fields"].items()} or {name: value}
        return {f"{name}[{key!r}]": item for key, item in value.items()} or {name: value}
    if isinstance(value, (list, tuple)):
        return {f"{name}[{index}]": item for index, item in enumerate(value)} or {name: value}
    return {name: value}


def pairs(shared: Mapping[str, Any], length: int = 20) -> list[str]:
    """Return the shared values as `name = value`."""
    return [f"{name} = {value_text(value, length)}" for name, value in shared.items()]


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return the shared values that differ after a step."""
    return {name: value for name, value in after.items() if name not in before or before[name] != value}


def place(location: str) -> str:
    """Return the variable that a location is part of: `obj` for `obj.refs`, `flag[0]` or `len(flag)` for `flag`."""
    inner = location[4:-1] if location.startswith("len(") else location
    return inner.split("[")[0].split(".")[0]


def parts(event: Event) -> tuple[str, str, str]:
    """Return a step's verb, the location it touches and the value it reads or writes; either may be empty.

    A step that touches several locations names what they have in common; one without an access is named by its text.
    """
    if event.text.startswith("wait_until"):
        return "waits for", event.text.partition(":")[2].strip().removesuffix(")") or "its turn", ""
    accesses = telling(event.accesses)
    if change := _change(accesses):
        return "changes", accesses[0].location, change
    if len({access.operation for access in accesses}) > 1:
        if len(accesses) == len(event.accesses):
            return clipped(event.text, 24), "", ""
        done = dict.fromkeys(" ".join(act([access])[:2]) for access in accesses)  # a task's text is its last await
        return clipped(listing(list(done)), 40), "", ""
    return act(accesses, event.text)


def telling(accesses: Sequence[Access]) -> Sequence[Access]:
    """Return the accesses without those of the event loop, unless there are no others."""
    return [access for access in accesses if access.location != LOOP] or accesses


def _change(accesses: Sequence[Access]) -> str:
    """Return what two accesses change if they read a place and write it; else nothing."""
    if len(accesses) != 2 or accesses[0].location != accesses[1].location:
        return ""
    before, after = accesses
    if (before.operation, after.operation) != ("read", "write") or not _shown(before) or not _shown(after):
        return ""
    return f"{value_text(before.value, 12)} → {value_text(after.value, 12)}"


def act(accesses: Sequence[Access], text: str = "") -> tuple[str, str, str]:
    """Return the verb, location and value of some accesses that are one step; `text` is its source."""
    accesses = telling(accesses)
    if not accesses:
        return ("leaves", "", "") if text.startswith("with region") or not text else (clipped(text, 24), "", "")
    verbs = list(dict.fromkeys(_VERBS.get(access.operation, access.operation + "s") for access in accesses))
    locations = {access.location for access in accesses}
    whole = len(locations) == 1 and verbs != ["frees"]
    value = "" if not whole or not _shown(accesses[0]) else value_text(accesses[0].value, 12)
    if whole and accesses[0].operation == "contains":
        verbs, value = ["finds" if accesses[0].value else "misses"], ""
    touched = accesses[0].location if whole else listing(list({place(name): 0 for name in sorted(locations)}))
    return listing(verbs), touched, value


def _shown(access: Access) -> bool:
    """Whether an access has a value that can be written down: an object has no text of its own."""
    values = access.value if isinstance(access.value, tuple) else (access.value,)
    return access.value is not None and not any(isinstance(one, Ref | Closure | tuple) for one in values)


def needs_place(verb: str) -> bool:
    """Whether a verb says nothing without the place it is about.

    Examples
    --------
    >>> needs_place("reaches the end of"), needs_place("reads")
    (True, False)
    """
    return verb.rpartition(" ")[2] in ("at", "by", "for", "from", "in", "into", "of", "on", "to")


def family(verb: str) -> str:
    """Return the kind of place a verb is about: a lock, data, or what the verb itself says."""
    kinds = {
        "acquires": "lock",
        "releases": "lock",
        **dict.fromkeys(("reads", "writes", "changes", "finds", "misses"), "data"),
    }
    return kinds.get(verb, verb)


def phrase(event: Event, location: bool = True) -> str:
    """Return what a step does in one line; `location` false leaves out what is touched."""
    accesses = telling(event.accesses)
    if change := _change(accesses):
        return f"changes {accesses[0].location}: {change}" if location else f"changes {change}"
    if len(accesses) == 2 and accesses[0].operation != accesses[1].operation:
        return ", ".join(_sentence(*parts(_only(event, access)), location) for access in accesses)
    return _sentence(*parts(event), location)


def _only(event: Event, access: Access) -> Event:
    return replace(event, accesses=(access,))


def _sentence(verb: str, touched: str, value: str, location: bool) -> str:
    if not location or not touched:
        return f"{verb} {value}".strip()
    if not value or verb not in _MOVES:
        return f"{verb} {touched}"
    return f"{verb} {touched}{':' if verb in ('reads', 'loads') else ' ='} {value}"


def entry_thread(entry: str, threads: Sequence[str]) -> int:
    """Return the number of the thread that a schedule entry names."""
    return list(threads).index(entry if entry in threads else entry.rpartition(":")[0])


def order_phrase(names: Iterable[str]) -> str:
    """Return who runs in which order, neighbours of one thread together.

    Examples
    --------
    >>> order_phrase(["T2", "T2", "T1"])
    'T2, then T1'
    """
    runs: list[str] = []
    for name in names:
        if not runs or runs[-1] != name:
            runs.append(name)
    return ", then ".join(runs) if len(runs) <= 3 else ", ".join(runs)


def short_names(threads: Sequence[str]) -> tuple[str, ...]:
    """Return labels of at most three characters: the names themselves if they are short, else a letter and number.

    Examples
    --------
    >>> short_names(["T1", "T2"]), short_names(["philosopher[0]", "philosopher[1]"]), short_names(["audit", "pay"])
    (('T1', 'T2'), ('p0', 'p1'), ('a', 'p'))
    """
    if all(len(name) <= 3 for name in threads):
        return tuple(threads)
    shortened = []
    for name in threads:
        stem, _, rest = name.partition("[")
        shortened.append(stem[:1] + rest.rstrip("]"))
    if len(set(shortened)) == len(threads) and all(len(name) <= 3 for name in shortened):
        return tuple(shortened)
    return tuple(f"t{number}" for number in range(1, len(threads) + 1))


def who(threads: Sequence[str]) -> str:
    """Say which label is which thread, as an addition to a note; nothing when the labels are the names.

    Examples
    --------
    >>> who(["T1", "T2"]), who(["audit", "pay"]).split()
    ('', ['·', 'a:', 'audit,', 'p:', 'pay'])
    """
    labels = short_names(threads)
    named = [f"{label}:\u00a0{name}" for label, name in zip(labels, threads, strict=True) if label != name]
    return f" · {', '.join(named)}" if named else ""


def outcome_lines(outcome: Outcome, vary: Mapping[str, frozenset[str]], length: int = 40) -> list[str]:
    """Return what tells an outcome apart, one fact a line.

    `vary` names, for "shared" and "returned", the keys to be shown.
    """
    lines: list[str] = [] if outcome.status == "finished" else [outcome.status]
    lines += [f"{name} = {value_text(value)}" for name, value in outcome.shared.items() if name in vary["shared"]]
    lines += [
        f"{name} returns {value_text(value)}" for name, value in outcome.returned.items() if name in vary["returned"]
    ]
    lines += [f"{name}: {error.partition(':')[0]}" for name, error in outcome.errors.items()]
    lines += [f"{name} waits for {why['for']}" for name, why in outcome.waiting.items()]
    if outcome.output:
        lines.append("prints " + " ".join(outcome.output))
    return [clipped(line, length) for line in lines] or [outcome.status]
