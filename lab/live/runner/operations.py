"""What a thread is about to do: an access or an operation on a synchronisation object, with the objects it touches."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NamedTuple, Optional

__all__ = ["OWN_FILES", "WHOLE", "Operation", "Site", "caller_site", "conflict"]

WHOLE = None
"""The field of a touch that concerns everything in the object."""

OWN_FILES = {__file__}
"""Files whose frames are never where an operation stands: the runner's own and those of replaced modules."""

Touch = tuple[int, Any, bool]
"""The number of an object in this run, a field or WHOLE, and whether it is written."""


class Site(NamedTuple):
    """A place in user code where a thread may be switched away from.

    Attributes
    ----------
    file, line, function : str, int, str
        Where.
    kind : str
        "read", "write", "delete", "call", or the name of an operation such as "acquire".
    name : str
        The variable, attribute or method; "[]" for an element.
    """

    file: str
    line: int
    function: str
    kind: str
    name: str


class Operation:
    """One pending step of a thread.

    Attributes
    ----------
    site : Site
        Where it stands.
    touches : tuple of Touch
        What it reads and writes, by the run's numbers of objects.
    target : object or None
        The synchronisation object whose `peek()` says whether the step is possible.
    able : callable or None
        Given what `peek()` returned, whether the step is possible; None when it always is.
    causes : tuple of int, or callable
        Positions of earlier steps without which this one could not have been; before it is taken, maybe what
        returns them.
    again : callable or None
        Works out anew what it touches, which may change while it is pending; None where that is fixed.
    extra : tuple of Touch
        What it touches besides: that of calls which have not come back.
    thread : str
        Whose step it is; set when it is taken.
    before : Mapping
        What `peek()` returned just before, by number of object; set when the step is taken.
    """

    again: Optional[Callable[[], tuple[Touch, ...]]] = None
    extra: tuple[Touch, ...] = ()
    thread = ""
    before: Any = None
    target: Any = None
    able: Optional[Callable[[Any], bool]] = None
    causes: Any = ()

    def __init__(
        self,
        site: Site,
        touches: tuple[Touch, ...],
        target: Any = None,
        able: Optional[Callable[[Any], bool]] = None,
        causes: Any = (),
    ) -> None:
        self.site = site
        self.touches = touches
        if target is not None:  # else the values of the class do
            self.target = target
            self.able = able
            self.causes = causes

    def __repr__(self) -> str:
        return f"{self.thread}: {self.site.kind} {self.site.name} at {self.site.file}:{self.site.line}"

    def possible(self) -> bool:
        """Whether the step can be taken now."""
        return self.able is None or self.able(self.target.peek())


def conflict(one: tuple[Touch, ...], other: tuple[Touch, ...]) -> bool:
    """Whether two steps touch one place and one of them writes it."""
    if len(one) == 1 == len(other):  # the usual case
        (number, field, writes), (number2, field2, writes2) = one[0], other[0]
        if number != number2 or not (writes or writes2):
            return False
        return field == field2 or field is None or field2 is None
    for number, field, writes in one:
        for number2, field2, writes2 in other:
            if number == number2 and (writes or writes2) and (field == field2 or field is None or field2 is None):
                return True
    return False


def caller_site(kind: str, name: str) -> Site:
    """Return the innermost place in the stack that is not the runner's own."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename in OWN_FILES:
        frame = frame.f_back
    code = frame.f_code
    return Site(code.co_filename, frame.f_lineno or 0, code.co_name, kind, name)
