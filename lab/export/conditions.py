"""Sets of values as conditions, in a few plain forms."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import groupby

__all__ = ["Conditions"]

Row = tuple[int, ...]
"""One value per variable."""


class Conditions:
    """Writes conditions on variables.

    Parameters
    ----------
    flags : collection of str
        The variables that hold 0 or 1 and nothing else, as truth values.
    """

    def __init__(self, flags: Collection[str] = ()) -> None:
        self._flags = frozenset(flags)

    def between(self, names: Sequence[str], wanted: Collection[Row], others: Collection[Row]) -> str:
        """Return a condition that is true for the wanted rows and false for the others; "" when there are no others.

        Parameters
        ----------
        names : sequence of str
            The variables, one per column.
        wanted, others : collections of tuple of int
            Disjoint. About a row in neither the condition may say anything.

        Examples
        --------
        >>> write = Conditions()
        >>> write.between(["a", "b"], [(0, 1), (1, 1), (2, 1)], [(0, 0), (2, 0)])
        'b == 1'
        >>> write.between(["a"], [(3,), (4,)], [(0,), (1,), (2,)])
        'a >= 3'
        >>> write.between(["a", "b"], [(0, 1), (1, 0)], [(0, 0), (1, 1)])
        '(a == 0 && b == 1) || (a == 1 && b == 0)'
        """
        columns = list(range(len(names)))
        for column in range(len(names)):
            fewer = [kept for kept in columns if kept != column]
            if _project(wanted, fewer).isdisjoint(_project(others, fewer)):
                columns = fewer
        return self._split([names[c] for c in columns], _project(wanted, columns), _project(others, columns))

    def exact(self, names: Sequence[str], wanted: Collection[Row]) -> str:
        """Return a condition that is true for the wanted rows and for no others; "" when it is always true.

        Examples
        --------
        >>> write = Conditions(flags=["on"])
        >>> write.exact(["a", "b"], [(0, 5), (1, 5), (2, 5), (2, 7)])
        '(0 <= a && a <= 1 && b == 5) || (a == 2 && (b == 5 || b == 7))'
        >>> write.exact(["on", "a"], [(0, 3), (1, 3)]), write.exact(["on"], [(0,), (1,)]), write.exact(["on"], [])
        ('a == 3', '', '0')
        """
        return self._split(names, frozenset(wanted), None) if wanted else "0"

    def _split(self, names: Sequence[str], wanted: Collection[Row], others: Collection[Row] | None) -> str:
        """Split by the first variable, values with the same rest together; `others` is None for an exact condition."""
        if not names or (others is not None and not others):
            return ""
        after, beside = _by_first(wanted), _by_first(others or ())
        alike: dict[tuple[frozenset[Row], frozenset[Row]], set[int]] = {}
        for value, rest in after.items():
            alike.setdefault((rest, beside.get(value, frozenset())), set()).add(value)
        texts = []
        for (rest, other), values in alike.items():
            outside = None if others is None else (after.keys() | beside.keys()) - values
            deeper = self._split(names[1:], rest, None if others is None else other)
            texts.append(_both(self._member(names[0], values, outside), deeper))
        return _any(texts)

    def _member(self, name: str, inside: set[int], outside: set[int] | None) -> str:
        """Write that a variable's value is in a set, and not in the other; None stands for all other values."""
        if outside is None:
            if name in self._flags and len(inside) == 2:
                return ""
            rank = {value: value for value in inside}
        else:
            rank = {value: place for place, value in enumerate(sorted(inside | outside))}
            if not outside:
                return ""
            if len(outside) == 1 < len(inside):
                return f"{name} != {min(outside)}"
            if len(inside) > 1 and (max(inside) < min(outside) or min(inside) > max(outside)):
                return f"{name} <= {max(inside)}" if max(inside) < min(outside) else f"{name} >= {min(inside)}"
        runs = groupby(enumerate(sorted(inside)), lambda pair: rank[pair[1]] - pair[0])
        texts = [self._run(name, [value for _, value in run]) for _, run in runs]
        return _any(texts)

    def _run(self, name: str, values: Sequence[int]) -> str:
        if name in self._flags:
            return name if values[0] else f"!{name}"
        return f"{name} == {values[0]}" if len(values) == 1 else f"{values[0]} <= {name} && {name} <= {values[-1]}"


def _project(rows: Iterable[Row], columns: Sequence[int]) -> frozenset[Row]:
    return frozenset(tuple(row[column] for column in columns) for row in rows)


def _by_first(rows: Iterable[Row]) -> dict[int, frozenset[Row]]:
    found: dict[int, set[Row]] = {}
    for row in sorted(rows):
        found.setdefault(row[0], set()).add(row[1:])
    return {value: frozenset(rest) for value, rest in found.items()}


def _any(texts: Sequence[str]) -> str:
    return " || ".join(f"({text})" if "&&" in text else text for text in texts) if len(texts) > 1 else texts[0]


def _both(one: str, other: str) -> str:
    parts = [part for part in (one, other) if part]
    return " && ".join(f"({part})" if "||" in part else part for part in parts) if len(parts) > 1 else "".join(parts)
