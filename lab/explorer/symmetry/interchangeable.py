"""The transition relation without the names of threads that may be swapped."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lab.explorer.protocol import Explorable, Observed
from lab.model.program import Property
from lab.model.state import Local, State, Step, Waiting
from lab.model.symmetry import Family
from lab.model.values import OWN, UNBOUND, Value

__all__ = ["Interchangeable"]


class Interchangeable:
    """A relation whose local states do not show which thread of its family one is.

    It is the same relation: the index is put back before a question is asked and taken out of the answer.
    """

    def __init__(self, relation: Explorable, families: Sequence[Family]) -> None:
        self._relation = relation
        self.program, self.policy = relation.program, relation.policy
        self._registers = {thread: family.registers for family in families for thread in family.threads}

    def finest(self) -> Explorable:
        """Return the relation itself under policy `access`."""
        return self._relation.finest()

    def families(self) -> tuple[Family, ...]:
        """Return the relation's own."""
        return self._relation.families()

    def initial(self) -> State:
        """Return the initial state."""
        state = self._relation.initial()
        return State(tuple(self._hidden(thread, local) for thread, local in enumerate(state.locals)), state.shared)

    def step(self, thread: int, local: Local, read: Callable[[int], Value]) -> tuple[Step, ...]:
        """Return the results of the thread's next step."""
        steps = self._relation.step(thread, self._shown(thread, local), read)
        return tuple(step._replace(local=self._hidden(thread, step.local)) for step in steps)

    def waiting(self, state: State, thread: int) -> Waiting | None:
        """Return why the thread cannot move."""
        return self._relation.waiting(self._whole(state), thread)

    def waits(self, thread: int, local: Local, read: Callable[[int], Value]) -> bool:
        """Whether what the thread does next would have to wait."""
        return self._relation.waits(thread, self._shown(thread, local), read)

    def going(self, thread: int, local: Local, read: Callable[[int], Value]) -> bool:
        """Return whether the thread was started and has not ended."""
        return self._relation.going(thread, self._shown(thread, local), read)

    def finished(self, state: State) -> bool:
        """Return whether the program has ended."""
        return self._relation.finished(self._whole(state))

    def is_daemon(self, thread: int, read: Callable[[int], Value]) -> bool:
        """Return whether the program may end without the thread."""
        return self._relation.is_daemon(thread, read)

    def regions(self, thread: int, local: Local) -> frozenset[str]:
        """Return the regions the thread is inside of."""
        return self._relation.regions(thread, self._shown(thread, local))

    def text_regions(self, thread: int) -> frozenset[str]:
        """Return the regions that the thread's text contains."""
        return self._relation.text_regions(thread)

    def can_end(self, thread: int, local: Local) -> bool:
        """Return whether the thread's control flow has a path from there to its end."""
        return self._relation.can_end(thread, self._shown(thread, local))

    def judge(self, prop: Property, read: Callable[[int], Value], inside: Callable[[str], tuple[str, ...]]) -> Value:
        """Return the property's value."""
        return self._relation.judge(prop, read, inside)

    def observe(self, state: State) -> Observed:
        """Return what an outcome shows of the state."""
        return self._relation.observe(self._whole(state))

    def _whole(self, state: State) -> State:
        return State(tuple(self._shown(thread, local) for thread, local in enumerate(state.locals)), state.shared)

    def _shown(self, thread: int, local: Local) -> Local:
        index = self.program.threads[thread].arguments
        return local._replace(values=tuple(index[0] if value is OWN else value for value in local.values))

    def _hidden(self, thread: int, local: Local) -> Local:
        registers = self._registers.get(thread)
        if not registers or local.ended:
            return local
        live = self.program.threads[thread].code.live[local.position]
        values = tuple(
            OWN if register in registers and value is not UNBOUND else value
            for register, value in zip(live, local.values, strict=True)
        )
        return local._replace(values=values)
