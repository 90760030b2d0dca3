"""A step under way: what one thread has done since its last switch point."""

from __future__ import annotations

from lab.model.evaluate import Frame
from lab.model.instructions import Branch, Instruction, Mark
from lab.model.marks import completed
from lab.model.objects.synchronisers import WRITTEN_IN_PYTHON
from lab.model.state import Access, Local
from lab.model.values import Value, type_name

__all__ = ["Partial"]


class Partial:
    """A step under way: a frame, what it has written and touched, and the marks passed since its last access.

    Attributes
    ----------
    chosen : tuple of int
        The results wanted of the first operations that have several; of those after them, the first.
    taken : tuple of int
        The results of the operations performed that have several.
    others : list of tuple of int
        What to choose for the steps that differ first in an operation beyond `chosen`; the last of them comes first.
    """

    __slots__ = (
        "accesses",
        "chosen",
        "frame",
        "marks",
        "others",
        "performed",
        "personal",
        "taken",
        "visited",
        "written",
    )

    def __init__(self, frame: Frame, chosen: tuple[int, ...] = ()) -> None:
        self.frame = frame
        self.chosen = chosen
        self.taken: tuple[int, ...] = ()
        self.others: list[tuple[int, ...]] = []
        self.written: dict[int, Value] = {}
        self.accesses: list[Access] = []
        self.marks: set[str] = set()
        self.visited: set[int] = set()
        self.performed = False
        self.personal = False

    @property
    def wanted(self) -> int:
        """Which result is wanted of the next operation that has several."""
        place = len(self.taken)
        return self.chosen[place] if place < len(self.chosen) else 0

    def take(self, choice: int, results: int) -> None:
        """Note that an operation with several results gave one of them."""
        if len(self.taken) >= len(self.chosen):
            self.others.extend((*self.taken, other) for other in range(results - 1, 0, -1))
        self.taken = (*self.taken, choice)

    def pass_marks(self, instruction: Instruction) -> None:
        """Note the mark of an instruction that was just worked on, if it has one."""
        if isinstance(instruction, Mark):
            mark: str | None = instruction.kind
            if instruction.receiver is not None:
                name = type_name(self.frame.fetch_or_unbound(instruction.receiver))
                mark = completed(instruction.kind, name, in_python=name in WRITTEN_IN_PYTHON)
            if mark is not None:
                self.marks.add(mark)
        elif isinstance(instruction, Branch) and instruction.jumped and self.frame.position == instruction.position:
            self.marks.add(instruction.jumped)

    def watch(self, local: Local, looked: list[int]) -> None:
        """Note at which of the local state's values the step looks; not where they decide how objects are numbered."""
        frame = self.frame
        frame.looked = looked
        if not (local.objects or local.published):
            frame.untouched = dict(zip(frame.code.live[local.position], range(len(local.values)), strict=True))

    def carried(self) -> tuple[tuple[int, int], ...]:
        """Return the values taken over without looking: the place of each in the new local state and the old."""
        untouched, position = self.frame.untouched, self.frame.position
        if not untouched or position < 0:
            return ()
        live = self.frame.code.live[position]
        return tuple((new, untouched[register]) for new, register in enumerate(live) if register in untouched)
