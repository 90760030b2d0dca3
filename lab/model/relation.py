"""The transition relation: where a program starts, what each thread can do next, and what doing it gives.

Everything else in the lab is a client of `initial` and `step`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lab.errors import ScenarioError
from lab.model.evaluate import LOCAL_WORK, Frame, evaluate
from lab.model.heap import Blocks, Own, Raised, Refused, Scene
from lab.model.instructions import Instruction, Operate, Place
from lab.model.marks import ATOMIC, AWAIT
from lab.model.objects.containers import is_part
from lab.model.objects.threads import ENDED, NEW
from lab.model.observe import Observation, observe
from lab.model.operations import Invoke
from lab.model.partial import Partial
from lab.model.policies import POLICIES, Policy
from lab.model.program import Program, Property
from lab.model.starting import EXIT, RUNS
from lab.model.state import FAILED, FINISHED, Access, Local, State, Step, Waiting
from lab.model.store import Store, renamed
from lab.model.symmetry import Family, families
from lab.model.values import UNBOUND, Value

__all__ = ["Relation"]

Read = Callable[[int], Value]


class Relation:
    """A program under a policy: `initial`, `step`, and the questions that their clients ask about a state."""

    def __init__(self, program: Program, policy: Policy) -> None:
        self.program = program
        self.policy = policy
        self._components = tuple(component.initial for component in program.components)
        self._only_tasks = all(thread.task for thread in program.threads)

    def finest(self) -> Relation:
        """Return the same program with a switch before every shared access; what counts as a race stays the same."""
        return self if self.policy.guarded_containers else Relation(self.program, POLICIES["access"])

    def families(self) -> tuple[Family, ...]:
        """Return groups of threads of which every permutation provably maps the relation to itself."""
        return families(self.program)

    def initial(self) -> State:
        """Return the state in which every thread stands in front of its first shared access."""
        locals_ = []
        for index, thread in enumerate(self.program.threads):
            own = Own(Store(), self.program.makers, thread.places)
            partial = Partial(Frame.at_start(thread.code, thread.arguments, own))
            self._to_next_access(index, partial, _nothing)
            locals_.append(self._local(partial.frame))
        return State(tuple(locals_), self._components)

    def step(self, thread: int, local: Local, read: Read, looked: list[int] | None = None) -> tuple[Step, ...]:
        """Return every result of the thread's next step, none when it has ended or is not enabled.

        Parameters
        ----------
        thread : int
            The thread's number.
        local : Local
            Where it stands.
        read : callable
            Gives a component's present value; the step depends on nothing else.
        looked : list of int, optional
            Gets ~k when the step first looks at the k-th of the local state's values, for each of its results again. A
            local state with objects of its own is looked at as a whole, and nothing is noted.
        """
        if local.ended or self._left_behind(thread, read):
            return ()
        results: list[Step] = []
        pending: list[tuple[int, ...]] = [()]
        while pending:
            partial = Partial(self._frame(thread, local), pending.pop())
            partial.watch(local, [] if looked is None else looked)
            if self._advance(thread, partial, read):
                self._close(thread, partial, read)
                written = partial.written
                results.append(
                    Step(
                        self._local(partial.frame),
                        tuple(written.items() if len(written) < 2 else sorted(written.items(), key=_first)),
                        tuple(partial.accesses),
                        partial.personal,
                        partial.carried(),
                    )
                )
            pending.extend(partial.others)
        return tuple(results)

    def steps(self, state: State, thread: int) -> tuple[tuple[Step, State], ...]:
        """Return every result of the thread's next step together with the state it leads to."""
        return tuple(
            (step, self.after(state, thread, step))
            for step in self.step(thread, state.locals[thread], state.shared.__getitem__)
        )

    def after(self, state: State, thread: int, step: Step) -> State:
        """Return the state that a step of that thread leads to."""
        return state.after(thread, step)

    def waiting(self, state: State, thread: int) -> Waiting | None:
        """Return what the thread waits for; None when it has ended, is not started yet, or is enabled."""
        read = state.shared.__getitem__
        if not self.going(thread, state.locals[thread], read):
            return None
        return self._waits(thread, state.locals[thread], read, midway=False)

    def first_access(self, state: State, thread: int) -> Operate | None:
        """Return what a thread that has been started, and has taken no step, performs first; None if nothing."""
        read, partial = state.shared.__getitem__, Partial(self._frame(thread, state.locals[thread]))
        instruction = partial.frame.code.instructions[partial.frame.position]
        assert isinstance(instruction, Operate)
        self._perform(thread, partial, instruction, read)
        return self._to_next_access(thread, partial, read)

    def waits(self, thread: int, local: Local, read: Read) -> bool:
        """Whether the operation in front of which a thread stands would have to wait, be it until a time-out."""
        return self._waits(thread, local, read, midway=True) is not None

    def _waits(self, thread: int, local: Local, read: Read, *, midway: bool) -> Waiting | None:
        if local.ended or self._left_behind(thread, read):
            return None
        frame = self._frame(thread, local)
        instruction: Instruction | None = frame.code.instructions[frame.position]
        assert isinstance(instruction, Operate)
        if _begins(instruction) and self._is_started(thread, read):
            partial = Partial(frame)
            self._perform(thread, partial, instruction, read)
            instruction = self._to_next_access(thread, partial, read)
            if instruction is None:
                return None
        line = instruction.place.span.line
        scene = Scene(
            self.program.heap,
            thread,
            line,
            read,
            {},
            midway=midway,
            spurious=self.program.spurious,
            fifo=self.policy.fifo,
            own=frame.own,
        )
        try:
            frame.perform(instruction, scene)
        except Blocks as blocks:
            return Waiting(blocks.name, blocks.held_by, instruction.place.span.line)
        except Refused:
            return None  # the step itself says so
        return None

    def going(self, thread: int, local: Local, read: Read) -> bool:
        """Whether the thread has been started, by the program or with it, and has not ended."""
        return not local.ended and self._is_started(thread, read) and not self._left_behind(thread, read)

    def finished(self, state: State) -> bool:
        """Whether the program has ended: every thread that was started has, or is a daemon."""
        read = state.shared.__getitem__
        return not any(
            self.going(thread, local, read) and not self.is_daemon(thread, read)
            for thread, local in enumerate(state.locals)
        )

    def is_daemon(self, thread: int, read: Read) -> bool:
        """Whether the program may end without that thread."""
        gate = self.program.threads[thread].gate
        return gate is not None and bool(read(gate).daemon)

    def _is_started(self, thread: int, read: Read) -> bool:
        gate = self.program.threads[thread].gate
        return gate is None or bool(read(gate).status != NEW)

    def _left_behind(self, thread: int, read: Read) -> bool:
        """Whether the program ended without that thread."""
        exits = self.program.exits
        return exits is not None and self.is_daemon(thread, read) and bool(read(exits))

    def _close(self, thread: int, partial: Partial, read: Read) -> None:
        """Complete a step of a thread that the program started: its end, and that a daemon still runs."""
        gate = self.program.threads[thread].gate
        if gate is None or self.program.threads[thread].task or self.program.threads[thread].worker:
            return
        partial.personal |= partial.frame.position < 0 or self.program.exits is not None
        line = self.program.threads[thread].code.instructions[0].place.span.line
        if partial.frame.position < 0:
            partial.written[gate] = read(gate)._replace(status=ENDED, arguments=())
            partial.accesses.append(Access(self.program.components[gate].name, True, True, "end", None, line))
        if self.program.exits is not None and self.is_daemon(thread, read):
            partial.accesses.append(Access(EXIT, False, True, RUNS, None, line))

    def locks_held(self, state: State, thread: int) -> tuple[str, ...]:
        """Return the names of the locks that the thread holds, in the order of the file."""
        read = state.shared.__getitem__
        return tuple(target.name for target in self.program.heap if target.holder(read) == thread)

    def regions(self, thread: int, local: Local) -> frozenset[str]:
        """Return the regions that a thread standing there is inside of."""
        return frozenset() if local.ended else self.place(thread, local).regions

    def text_regions(self, thread: int) -> frozenset[str]:
        """Return the regions that the thread's text contains."""
        return self.program.threads[thread].code.regions

    def can_end(self, thread: int, local: Local) -> bool:
        """Whether the control flow from there has a path to the thread's end, or has reached it."""
        return local.ended or local.position in self.program.threads[thread].code.exits

    def place(self, thread: int, local: Local) -> Place:
        """Return where in the source a thread that has not ended stands."""
        return self.program.threads[thread].code.instructions[local.position].place

    def judge(self, prop: Property, read: Read, inside: Callable[[str], tuple[str, ...]]) -> Value:
        """Return the property's value in a state, or the exception (`Thrown`) that it raised."""
        own = Own(Store(), self.program.makers)
        scene = Scene(self.program.heap, -1, prop.line, read, {}, instant=True, inside=inside, own=own)
        try:
            return evaluate(prop.code, (), scene)
        except Raised as raised:
            return raised.thrown
        except Blocks:
            raise self._error(Refused("a property waits", "read the lock with `locked()`"), prop.line) from None
        except Refused as refused:
            raise self._error(refused, prop.line) from None

    def observe(self, state: State) -> Observation:
        """Return what can be seen of a state from outside."""
        return observe(self.program, state)

    def _frame(self, thread: int, local: Local) -> Frame:
        code = self.program.threads[thread].code
        registers: list[Value] = [UNBOUND] * len(code.registers)
        for register, value in zip(code.live[local.position], local.values, strict=True):
            registers[register] = value
        own = Own(Store(local.objects, local.published), self.program.makers, self.program.threads[thread].places)
        return Frame(code, local.position, registers, own)

    def _local(self, frame: Frame) -> Local:
        store = frame.own.store
        published: tuple[tuple[str, int], ...] = ()
        if frame.position < 0:
            values: tuple[Value, ...] = (frame.result,)
        else:
            values = tuple(frame.registers[register] for register in frame.code.live[frame.position])
        values, objects = store.compact(values)
        if store.published and (objects or frame.position in frame.code.makes):
            published = tuple(sorted(store.published.items()))
        return Local(frame.position, values, objects, published)

    def _to_next_access(self, thread: int, partial: Partial, read: Read) -> Operate | None:
        """Do local work up to the next operation that needs a step; None when the thread ends before.

        Of what is shared, local work reads constants of objects that threads made, which are read with the reference.
        """
        frame = partial.frame
        instructions = frame.code.instructions
        for _ in range(LOCAL_WORK):
            if frame.position in (FINISHED, FAILED):
                return None
            instruction = instructions[frame.position]
            try:
                if not isinstance(instruction, Operate):
                    frame.work(instruction)
                    partial.pass_marks(instruction)
                elif self._needs_step(frame, instruction):
                    return instruction
                else:
                    line = instruction.place.span.line
                    scene = Scene(self.program.heap, thread, line, read, partial.written, own=frame.own, local=True)
                    frame.perform(instruction, scene)
                    partial.personal |= scene.personal
            except Blocks:
                refused = Refused("what only this thread knows is waited for", "share it, else nobody ends the wait")
                raise self._error(refused, *instruction.place.span[:2]) from None
            except Refused as refused:
                raise self._error(refused, *instruction.place.span[:2]) from None
        endless = Refused(
            f"a thread does more than {LOCAL_WORK:,} instructions of local work without a shared access",
            "make the loop end",
        )
        raise self._error(endless, *instruction.place.span[:2])

    def _needs_step(self, frame: Frame, instruction: Operate) -> bool:
        try:
            arguments = tuple(map(frame.fetch, instruction.arguments))
        except Raised:
            return False  # an unassigned local raises as local work
        return instruction.operation.touches(self.program.heap, arguments)

    def _advance(self, thread: int, partial: Partial, read: Read) -> bool:
        """Run on to the next switch point; False when the thread is not enabled."""
        while True:
            instruction = self._to_next_access(thread, partial, read)
            if instruction is None or (partial.performed and self._may_switch(partial, instruction)):
                return True
            try:
                self._perform(thread, partial, instruction, read)
            except Blocks:
                if partial.performed and instruction.place.atomic and ATOMIC not in partial.marks:
                    refused = Refused(
                        "an atomic() block blocks after its first operation", "wait before the block, with wait_until"
                    )
                    raise self._error(refused, *instruction.place.span[:2]) from None
                return partial.performed

    def _may_switch(self, partial: Partial, instruction: Operate) -> bool:
        if instruction.place.atomic and ATOMIC not in partial.marks:
            return False
        if AWAIT in partial.marks:
            return True
        if (self._only_tasks or not self.policy.whole_calls) and partial.frame.position in partial.visited:
            return True
        return not self._only_tasks and self.policy.switches(partial.marks)

    def _perform(self, thread: int, partial: Partial, instruction: Operate, read: Read) -> None:
        """Perform one operation, with the result that is wanted if it has several."""
        place = instruction.place
        choice = partial.wanted
        scene = Scene(
            self.program.heap,
            thread,
            place.span.line,
            read,
            partial.written,
            choice=choice,
            midway=partial.performed,
            spurious=self.program.spurious,
            fifo=self.policy.fifo,
            instant=bool(place.atomic),
            own=partial.frame.own,
        )
        partial.visited.add(partial.frame.position)
        try:
            partial.frame.perform(instruction, scene)
        except Refused as refused:
            raise self._error(refused, *place.span[:2]) from None
        finally:
            partial.personal |= scene.personal
        partial.marks.clear()
        partial.accesses.extend(self._reported(access, scene) for access in scene.accesses)
        partial.performed = partial.performed or not _begins(instruction)
        if scene.results > 1:
            partial.take(choice, scene.results)

    def _reported(self, access: Access, scene: Scene) -> Access:
        """Return an access as the step reports it: objects by their new references, guarded containers as atomic."""
        if scene.moved:
            access = access._replace(value=renamed(access.value, scene.moved))
        if self.policy.guarded_containers and is_part(access.location):
            access = access._replace(atomic=True)
        return access

    def _error(self, refused: Refused, line: int, column: int = 1) -> ScenarioError:
        lines = self.program.lines
        return ScenarioError(
            refused.message,
            hint=refused.hint,
            path=self.program.path,
            line=line,
            column=column,
            source=lines[line - 1] if 0 < line <= len(lines) else "",
        )


def _begins(instruction: Operate) -> bool:
    """Whether a thread that was started begins with this, which is no step by itself."""
    return instruction.operation == _BEGIN


_BEGIN = Invoke("__started__", "begin")


def _first(pair: tuple[int, Any]) -> int:
    return pair[0]


def _nothing(component: int) -> Value:
    raise AssertionError(f"local work reads component {component}")
