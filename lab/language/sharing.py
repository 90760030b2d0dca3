"""Which objects that a thread makes it may share, and how many: read from its instructions.

What a register, or an object, may hold is followed through the instructions without regard to their order. Objects
are told apart by their site, the position of the instruction that makes them; OUTSIDE stands for everything that comes
from a shared place. An object is shared when it may be stored in something that is, or may be, shared. For each class
of such objects the program sets places of the heap aside.
"""

from __future__ import annotations

from collections import defaultdict

from lab.model.instructions import Branch, Code, Compute, Const, Instruction, Jump, Operand, Operate, Raise, Reg, Return
from lab.model.operations import Choose, Invoke, Load, Store
from lab.model.starting import MakeTask, MakeThread, ToThread
from lab.model.values import Ref
from lab.model.wholes import Arithmetic, Copy, ExtendOrAdd, New, NewSynchroniser

__all__ = ["MOST_SHARED", "following", "making_positions", "repeats", "shared_kinds"]

MOST_SHARED = 32
"""Objects of one class that a thread may share when it makes them in a loop."""

OUTSIDE = -1
_IN_TUPLE = 1 << 30
"""Added to a site, says that the object may stand in a tuple, at any depth."""

_PASSING = frozenset(("_same", "make_cursor", "_unpacked", "_first", "_second"))
"""Local work that hands a value on and puts none into a tuple, but for an iterator, which is opened again."""

_CONTAINERS = frozenset(("list", "dict", "set", "deque"))
_PLAIN = frozenset(("__len__", "__bool__", "__contains__", "index", "count", "join", "locked", "load"))
_READING = frozenset(("__getitem__", "__getattr__", "get", "pop", "popleft", "popitem", "copy", "__reversed__"))


def _may_make(instruction: Instruction) -> bool:
    """Whether an instruction may make an object."""
    if not isinstance(instruction, Operate):
        return False
    match instruction.operation:
        case (
            New()
            | NewSynchroniser()
            | MakeThread()
            | MakeTask()
            | ToThread()
            | Arithmetic()
            | Invoke("copy" | "split" | "splitlines")
            | Invoke("__getitem__", _, True)
        ):
            return True
        case Copy(kind):
            return kind != "tuple"
    return False


def following(instruction: Instruction, position: int) -> tuple[int, ...]:
    """Return where the control flow may go on, exceptions included."""
    handler = instruction.place.handler
    caught = () if handler is None else (handler.position,)
    match instruction:
        case Jump():
            return (instruction.position,)
        case Branch():
            return (position + 1, instruction.position, *caught)
        case Return() | Raise():
            return caught
    return (position + 1, *caught)


def making_positions(instructions: tuple[Instruction, ...]) -> frozenset[int]:
    """Return the positions from which the control flow has a path to an instruction that may make an object."""
    before: dict[int, list[int]] = defaultdict(list)
    for position, instruction in enumerate(instructions):
        for target in following(instruction, position):
            before[target].append(position)
    pending = [position for position, instruction in enumerate(instructions) if _may_make(instruction)]
    found = set(pending)
    while pending:
        for earlier in before[pending.pop()]:
            if earlier not in found:
                found.add(earlier)
                pending.append(earlier)
    return frozenset(found)


def shared_kinds(code: Code) -> dict[str, int]:
    """Return the classes whose objects the code may share, each with how many at most."""
    if not code.makes:
        return {}
    flow = _Flow()
    before = -1
    while before != flow.size:
        before = flow.size
        for position, instruction in enumerate(code.instructions):
            flow.follow(position, instruction)
    count: dict[str, int] = defaultdict(int)
    for site in flow.shared:
        for kind in flow.kinds[site]:
            count[kind] += MOST_SHARED if repeats(code.instructions, site) else 1
    return {kind: min(number, MOST_SHARED) for kind, number in sorted(count.items())}


def repeats(instructions: tuple[Instruction, ...], position: int) -> bool:
    """Whether the control flow may come back to a position."""
    pending, seen = list(following(instructions[position], position)), set[int]()
    while pending:
        at = pending.pop()
        if at == position:
            return True
        if at not in seen:
            seen.add(at)
            pending.extend(following(instructions[at], at))
    return False


class _Flow:
    """What registers and objects may hold, and which objects are shared; grows until nothing changes."""

    def __init__(self) -> None:
        self.registers: dict[int, set[int]] = defaultdict(set)
        self.contents: dict[int, set[int]] = defaultdict(set)
        self.kinds: dict[int, set[str]] = defaultdict(set)
        self.shared: set[int] = set()

    @property
    def size(self) -> int:
        """How much is known."""
        sites = (*self.registers.values(), *self.contents.values(), self.shared)
        return sum(map(len, sites)) + sum(map(len, self.kinds.values()))

    def held(self, operands: tuple[Operand, ...]) -> set[int]:
        """Return the sites of the objects that operands may hold."""
        found: set[int] = set()
        for operand in operands:
            if isinstance(operand, Reg):
                found |= self.registers[operand.number]
            elif isinstance(operand.value, Ref | tuple):
                found.add(OUTSIDE)
        return found

    def inside(self, sites: set[int]) -> set[int]:
        """Return the sites of what those objects, or tuples, may hold."""
        found = {OUTSIDE} if OUTSIDE in sites or sites & self.shared else set[int]()
        for site in sites - {OUTSIDE}:
            found |= {site, site - _IN_TUPLE} if site >= _IN_TUPLE else self.contents[site]
        return found

    def share(self, sites: set[int]) -> None:
        """Note that objects, and what they hold, may be shared."""
        pending = list(sites - {OUTSIDE})
        while pending:
            site = pending.pop() % _IN_TUPLE
            if site not in self.shared:
                self.shared.add(site)
                pending.extend(self.contents[site] - {OUTSIDE})

    def follow(self, position: int, instruction: Instruction) -> None:
        """Take in what one instruction does."""
        if isinstance(instruction, Compute):
            held = self.held(instruction.arguments)
            if getattr(instruction.function, "__name__", "") not in _PASSING:
                held |= {site + _IN_TUPLE for site in held if OUTSIDE < site < _IN_TUPLE}
            self.registers[instruction.target] |= held
        elif isinstance(instruction, Operate):
            made = self._made(instruction)
            self.kinds[position] |= made
            value = self._operation(position, instruction)
            self.registers[instruction.target] |= value | ({position} if made else set())

    def _made(self, instruction: Operate) -> set[str]:
        """Return the classes of the objects that an operation may make, as far as that is known."""
        match instruction.operation:
            case New(kind):
                return {kind}
            case NewSynchroniser() as made:
                return made.kinds
            case Copy(kind):
                return {kind} - {"tuple"}
            case Arithmetic():
                return self._classes(instruction.arguments, known=True) & {"list", "set", "dict"}
            case Invoke("split" | "splitlines"):
                return {"list"}
            case Invoke("copy"):
                return self._classes(instruction.arguments[:1], known=False)
            case Invoke("__getitem__", _, True):
                return self._classes(instruction.arguments[:1], known=False) & {"list", "deque"}
        return set()

    def _classes(self, operands: tuple[Operand, ...], *, known: bool) -> set[str]:
        """Return the classes of the containers that operands may hold; any container from outside unless `known`."""
        sites = self.held(operands)
        found = {one.value.kind for one in operands if isinstance(one, Const) and isinstance(one.value, Ref)}
        found.update(kind for site in sites for kind in self.kinds[site])
        return set(_CONTAINERS) if OUTSIDE in sites and not known and not found else found & _CONTAINERS

    def _operation(self, position: int, instruction: Operate) -> set[int]:
        """Return what the value of an operation may hold, beside a new object."""
        held = self.held(instruction.arguments)
        match instruction.operation:
            case Load():
                return {OUTSIDE}
            case Store():
                self.share(held)
            case MakeThread() | MakeTask() | ToThread():
                self.share(held)  # with its start, at the latest
            case Choose():
                return held
            case New() | NewSynchroniser():
                self.contents[position] |= held
            case Copy(kind):
                self.contents[position] |= held | self.inside(held)
                return self.inside(held) | held if kind == "tuple" else set()
            case Arithmetic():
                self.contents[position] |= self.inside(held)
                return held
            case ExtendOrAdd():
                self._put(self.held(instruction.arguments[:1]), self.inside(held))
                return held
            case Invoke(name) if name not in _PLAIN:
                return self._method(position, instruction, name)
        return set()

    def _method(self, position: int, instruction: Operate, name: str) -> set[int]:
        receiver, given = self.held(instruction.arguments[:1]), self.held(instruction.arguments[1:])
        elements = self.inside(receiver)
        self.contents[position] |= elements
        if name == "__next__":
            return elements  # and the iterator, which goes back to the register that holds it already
        if name not in _READING:
            self._put(receiver, given | (self.inside(given) if name in ("extend", "update") else set()))
        return given | elements | (receiver if name == "__reversed__" else set())

    def _put(self, receivers: set[int], sites: set[int]) -> None:
        """Note that some objects are stored in others."""
        for receiver in receivers - {OUTSIDE}:
            if receiver < _IN_TUPLE:
                self.contents[receiver] |= sites
        if not receivers or OUTSIDE in receivers or receivers & self.shared:
            self.share(sites)
