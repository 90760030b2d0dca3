"""Numbers, values and outcomes in words, the same in every table."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.explorer.result import BuiltIn, Count, Outcome, PropertyResult, Result
    from lab.sampler.result import Sample, SampledOutcome

__all__ = [
    "amount",
    "by_length",
    "chance",
    "count",
    "digits",
    "end",
    "exactness",
    "lined",
    "part",
    "ratio",
    "run",
    "schedule",
    "settings",
    "value",
    "waiting",
    "within_bound",
]

LONG_NUMBER = 24
"""Digits from which on a number is shown by its magnitude; the JSON has every digit."""

DIGITS_AT_ONCE = 10_000
"""Bits below which a number is converted at once; about 3,000 digits, and Python's limit is 4,300."""

LENGTHS = 4
"""Lengths of schedules that a table shows one by one."""

LONG_FRACTION = 13
"""Characters from which on a fraction is shown as a percentage alone."""


def count(number: Count) -> str:
    """Return an exact number with its digits grouped, "infinite", or "unknown" for None.

    Examples
    --------
    >>> count(63063000), count(10**40), count(None)
    ('63,063,000', 'about 1.00e+40', 'unknown')
    """
    if number is None:
        return "unknown"
    if not isinstance(number, int):
        return str(number.value)
    if number < 10**LONG_NUMBER:
        return f"{number:,}"
    text = digits(number)
    return f"about {text[0]}.{text[1:3]}e+{len(text) - 1}"


def digits(number: int) -> str:
    """Return every decimal digit of a number >= 0, however long.

    Python's own limit on digits guards input; results are no input.

    Examples
    --------
    >>> digits(10**5000) == "1" + 5000 * "0"
    True
    """
    if number.bit_length() < DIGITS_AT_ONCE:
        return str(number)
    width = number.bit_length() * 3 // 20  # about half of the digits
    power: int = 10**width
    high, low = divmod(number, power)
    return f"{digits(high)}{digits(low):0>{width}}"


def ratio(fraction: Fraction) -> str:
    """Return a fraction >= 0 as `a/b`, a whole one as `a`, with every digit."""
    whole = fraction.denominator == 1
    return digits(fraction.numerator) + ("" if whole else "/" + digits(fraction.denominator))


def amount(number: Count, one: str, many: str) -> str:
    """Return a count with its noun; infinitely many of them in words.

    Examples
    --------
    >>> amount(1, "schedule", "schedules"), amount(6, "schedule", "schedules")
    ('1 schedule', '6 schedules')
    """
    if number is not None and not isinstance(number, int):
        return f"infinitely many {many}"
    return f"{count(number)} {one if number == 1 else many}"


def run(stem: tuple[str, ...] | None, loop: tuple[str, ...]) -> str:
    """Return a schedule and, if it goes on for ever, the round that it repeats.

    Examples
    --------
    >>> run(("T1",), ("T2", "T2")), run((), ("T1",)), run(("T1",), ())
    ('T1, then for ever: T2 T2', 'for ever: T1', 'T1')
    """
    if not loop:
        return schedule(stem)
    return f"{schedule(stem)}, then for ever: {schedule(loop)}" if stem else f"for ever: {schedule(loop)}"


def by_length(found: Mapping[int, int], longest: int) -> str:
    """Return how many schedules have each length: the first few, and how many there are in all up to the longest.

    Examples
    --------
    >>> by_length({4: 6, 7: 36}, 10), by_length({}, 10)
    ('6 of 4, 36 of 7', 'none up to 10')
    >>> by_length(dict.fromkeys(range(100), 2), 99)
    '2 of 0, 2 of 1, 2 of 2, 2 of 3, ..., in all 200'
    """
    if not found:
        return f"none up to {longest}"
    shown = [f"{count(amount)} of {length}" for length, amount in list(found.items())[:LENGTHS]]
    return ", ".join(shown if len(found) <= LENGTHS else [*shown, "...", f"in all {count(sum(found.values()))}"])


def part(fraction: Fraction | None) -> str:
    """Return a share or a probability as a fraction, if it is short, and as a percentage.

    A percentage never says 0 or 100 for something that is neither.

    Examples
    --------
    >>> part(Fraction(1, 3)), part(Fraction(1)), part(None)
    ('1/3 (33.3 %)', '1', '-')
    >>> part(Fraction(1, 10**9)), part(1 - Fraction(1, 10**20))
    ('1/1000000000 (< 0.1 %)', '> 99.9 %')
    """
    if fraction is None:
        return "-"
    if fraction.denominator == 1:
        return str(fraction)
    text = ratio(fraction)
    percent = fraction * 100
    if percent < Fraction(1, 10):
        shown = "< 0.1 %"
    elif percent > Fraction(999, 10):
        shown = "> 99.9 %"
    else:
        shown = f"{float(percent):.1f} %"
    return f"{text} ({shown})" if len(text) < LONG_FRACTION else shown


def chance(found: Outcome | PropertyResult | BuiltIn) -> str:
    """Return a probability: exact, or rounded with its error bound."""
    about = found.probability_rounded
    if about is None:
        return part(found.probability)
    places = min(12, max(1, math.floor(-math.log10(about.error)) - 1)) if about.error else 12
    return f"about {about.value:.{places}f} (error < {about.error:.0e})"


def value(data: Any) -> str:
    """Return a shared variable's plain data as Python would write it; the names of a record's fields stand bare.

    Examples
    --------
    >>> value([1, None]), value("a"), value({"refs": 1, "freed": False})
    ('[1, None]', "'a'", '{refs: 1, freed: False}')
    """
    if isinstance(data, Mapping):
        return "{" + ", ".join(f"{key}: {value(entry)}" for key, entry in data.items()) + "}"
    if isinstance(data, list | tuple):
        return "[" + ", ".join(map(value, data)) + "]"
    if isinstance(data, int) and data.bit_length() >= DIGITS_AT_ONCE:
        return f"an integer of {data.bit_length():,} bits"
    return repr(data)


def waiting(reasons: Mapping[str, Mapping[str, Any]]) -> str:
    """Return who waits for what, and for whom."""
    sentences = []
    for thread, reason in reasons.items():
        holders = lined(reason["held_by"])
        held = f" (held by {holders})" if holders else ""
        sentences.append(f"{thread} waits for {reason['for']}{held} in line {reason['line']}")
    return ", ".join(sentences)


def end(outcome: Outcome | SampledOutcome) -> str:
    """Return what can be observed at the end, in one line.

    Values come first; then what the threads returned (None is not mentioned), their errors and
    the output; any end but a finished one begins with its kind.
    """
    parts = [f"{name} = {value(data)}" for name, data in outcome.shared.items()]
    parts += [f"{thread} returns {value(data)}" for thread, data in outcome.returned.items() if data is not None]
    parts += [f"{thread} ends by {error}" for thread, error in outcome.errors.items()]
    if outcome.output is not None:
        parts.append("prints " + (", ".join(map(repr, outcome.output)) or "nothing"))
    text = ", ".join(parts) or "all threads finish"
    if outcome.status == "finished":
        return text
    reasons = waiting(outcome.waiting)
    kind = f"{outcome.status}: {reasons}" if reasons else outcome.status
    return f"{kind}; {', '.join(parts)}" if parts else kind


def lined(names: Iterable[str]) -> str:
    """Return names joined by commas, the last by "and".

    Examples
    --------
    >>> lined(["a", "b", "c"]), lined(["a"])
    ('a, b and c', 'a')
    """
    *first, last = [*names] or [""]
    return f"{', '.join(first)} and {last}" if first else last


def schedule(entries: tuple[str, ...] | None) -> str:
    """Return a schedule as `lab replay` takes it, "-" where there is none."""
    return "-" if entries is None else " ".join(entries)


STOPPED = {
    "states": "the bound on states was reached",
    "seconds": "the time was up",
    "interrupted": "it was interrupted",
    "memory": "the bound on memory was reached",
    "": "it was stopped",
}


def exactness(result: Result) -> str:
    """Return how far a result may be trusted: exact and over how many schedules, or why it is incomplete."""
    if result.stopped == "preemptions":
        return f"incomplete: {within_bound(result)}"
    if not result.complete:
        return f"incomplete: {STOPPED.get(result.stopped, result.stopped)}"
    if result.schedules is not None and not isinstance(result.schedules, int):
        return "exact, infinitely many schedules"
    if result.schedules == 1:
        return "exact, the only schedule"
    return f"exact, all {amount(result.schedules, 'schedule', 'schedules')}"


def within_bound(result: Result) -> str:
    """Return which schedules were explored, under a bound on preemptions that left others out."""
    assert result.preemptions is not None
    most = amount(result.preemptions.bound, "preemption", "preemptions")
    schedules = result.preemptions.schedules
    if schedules == 1:
        return f"the only schedule with at most {most}"
    number = f"all {count(schedules)}" if isinstance(schedules, int) else "the infinitely many"
    return f"{number} schedules with at most {most}"


def settings(result: Result | Sample) -> str:
    """Return the parameters in force as ` with N = 3`, nothing if the scenario has none."""
    pairs = lined(f"{name} = {value(data)}" for name, data in result.parameters.items())
    return f" with {pairs}" if pairs else ""
