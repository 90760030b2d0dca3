"""One run for each Mazurkiewicz trace: optimal dynamic partial-order reduction.

References
----------
P. Abdulla, S. Aronis, B. Jonsson and K. Sagonas, Source Sets: A Foundation for Optimal Dynamic Partial Order Reduction,
Journal of the ACM 64(4), 2017: source sets, sleep sets and wakeup trees. Two deviations. A race is looked at once,
when its second step is new, not again in every run that has both. And steps that wait: their race is with the last
step they depend on before which they would be possible, not with one that made them so, nor with one that is taken
while what they wait for is not to be had.
"""

from __future__ import annotations

from typing import Any

from lab.live.runner import Run, Worker
from lab.live.runner.operations import Operation, conflict
from lab.live.runner.session import Session
from lab.live.search.strategy import check_repeated, last_or_first

__all__ = ["Optimal"]

Clock = dict[str, int]
"""For each thread, how many of its steps happened before."""


class Branch:
    """A step that is to be taken at a node, and what is to follow."""

    __slots__ = ("children", "thread", "touches")

    def __init__(self, thread: str, touches: Any) -> None:
        self.thread = thread
        self.touches = touches
        self.children: list[Branch] = []


class Node:
    """A step of the run at hand, and what else is to be tried in its place.

    Attributes
    ----------
    tree : list of Branch
        What to try, the first of them in this run; never empty.
    sleep : dict of str to touches
        The threads whose next step has been tried already, in a run that is no different.
    known : int
        How many objects had been numbered before it: their numbers are the same in all runs with this beginning.
    operation, clock, index : Operation, Clock, int
        The step of this run; what happened before it; which step of its thread it is, from 1.
    """

    __slots__ = ("clock", "index", "known", "operation", "sleep", "tree")

    def __init__(self, sleep: dict[str, Any], tree: list[Branch], known: int) -> None:
        self.sleep = sleep
        self.tree = tree
        self.known = known
        self.operation: Operation
        self.clock: Clock = {}
        self.index = 0


class Optimal:
    """Chooses so that no two runs are equivalent, and every run has an equivalent one."""

    proves = True

    def __init__(self) -> None:
        self.exhausted = False
        self.runs = 0
        self.nodes: list[Node] = []
        self.branching = 0

    def covered(self) -> str:
        """Return in words what the runs so far cover."""
        return "every order of steps that matters" if self.exhausted else f"{self.runs} runs, no two of them equivalent"

    # -------------------------------------------------------------------------------------------------- within a run

    def choose(self, session: Session, enabled: list[Worker]) -> Worker | None:
        """Follow the branch at hand; beyond it, go on without a preemption where nothing sleeps."""
        depth = len(session.steps)
        if depth < self.branching:
            node = self.nodes[depth]
            thread = node.tree[0].thread
            for worker in enabled:
                if worker.name == thread:
                    node.operation = check_repeated(worker, thread, node.operation)
                    return worker
            check_repeated(None, thread, node.operation)
        if depth == len(self.nodes):
            self.nodes.append(self._new_node(session))
        node = self.nodes[depth]
        while node.tree:
            wanted = node.tree[0].thread
            for worker in enabled:
                if worker.name == wanted and wanted not in node.sleep:
                    return self._take(node, worker)
            node.tree.pop(0)
        awake = [worker for worker in enabled if worker.name not in node.sleep]
        if not awake:
            self.nodes.pop()
            return None
        worker = last_or_first(session, awake)
        node.tree.append(Branch(worker.name, worker.operation.touches))  # type: ignore[union-attr]
        return self._take(node, worker)

    @staticmethod
    def _take(node: Node, worker: Worker) -> Worker:
        assert worker.operation is not None
        node.operation = worker.operation
        return worker

    def _new_node(self, session: Session) -> Node:
        if not self.nodes:
            return Node({}, [], len(session.kept))
        parent = self.nodes[-1]
        taken = parent.operation.touches
        sleep = {name: touches for name, touches in parent.sleep.items() if not conflict(touches, taken)}
        node = Node(sleep, parent.tree[0].children, len(session.kept))
        parent.tree[0].children = []
        return node

    # --------------------------------------------------------------------------------------------------- between runs

    def another(self, run: Run) -> bool:
        """Find the races of the run, note what reverses them, and go back to the last node with something to try."""
        self.runs += 1
        if run.status != "left":
            self._find_races(run)
        while self.nodes:
            node = self.nodes[-1]
            if node.tree:
                done = node.tree.pop(0)
                node.sleep[done.thread] = node.operation.touches
            if node.tree:
                self.branching = len(self.nodes) - 1
                return True
            self.nodes.pop()
        self.exhausted = True
        return False

    def _find_races(self, run: Run) -> None:
        last: dict[str, Node] = {}
        races = []
        for node in self.nodes[: self.branching]:
            last[node.operation.thread] = node
        for depth in range(self.branching, len(self.nodes)):
            node = self.nodes[depth]
            races += [(early, node) for early in self._order(node, depth, last)]
            last[node.operation.thread] = node
        if run.status in {"deadlock", "endless"}:
            for operation in run.pending:  # what is waited for could have come later
                if operation.able is not None:
                    waiting = Node({}, [], 0)
                    waiting.operation = operation
                    if callable(operation.causes):
                        operation.causes = operation.causes()
                    races += [(early, waiting) for early in self._order(waiting, len(self.nodes), last)]
        for early, late in races:
            self._reverse(early, late)

    def _order(self, node: Node, depth: int, last: dict[str, Node]) -> list[int]:
        """Work out what happened before a step, and return the depths of the steps it races with."""
        operation = node.operation
        thread, touches, able = operation.thread, operation.touches, operation.able
        before = last.get(thread)
        clock: Clock = {} if before is None else dict(before.clock)
        for cause in operation.causes:
            if 0 <= cause < depth:
                _join(clock, self.nodes[cause].clock)
        seen = clock if able is None else dict(clock)
        races = []
        if touches:
            others = len(last) - (before is not None)
            done: set[str] = set()
            nodes = self.nodes
            met: list[Node] = []
            for position in range(depth - 1, -1, -1):
                early = nodes[position]
                other = early.operation
                name = other.thread
                if able is not None and other.before is not None and touches[0][0] in other.before:
                    met.append(early)
                if name == thread or name in done:
                    continue
                if seen.get(name, 0) >= early.index:
                    done.add(name)  # so did all that it did before
                    if len(done) == others:
                        break
                elif conflict(other.touches, touches):
                    if able is None or _was_possible(operation, early, met):
                        races.append(position)
                        _join(seen, early.clock)
                    if able is not None:
                        _join(clock, early.clock)
        node.index = 1 if before is None else before.index + 1
        clock[thread] = node.index
        node.clock = clock
        return races

    def _reverse(self, depth: int, late: Node) -> None:
        """Let a run be made in which the late step comes before the one at that depth, unless one was or will be."""
        early = self.nodes[depth]
        thread, index = early.operation.thread, early.index
        rest = [node for node in self.nodes[depth + 1 :] if node.clock.get(thread, 0) < index]
        rest.append(late)
        for sleeper, touches in early.sleep.items():
            first = next((k for k, node in enumerate(rest) if node.operation.thread == sleeper), -1)
            if _is_initial(rest, first) if first >= 0 else _independent(touches, rest, early.known):
                return
        _insert(early.tree, rest, early.known)


def _join(clock: Clock, other: Clock) -> None:
    for thread, count in other.items():
        if clock.get(thread, 0) < count:
            clock[thread] = count


def _was_possible(operation: Operation, early: Node, met: list[Node]) -> bool:
    """Whether the operation would be possible if that step, and what it happened before, came later.

    Parameters
    ----------
    met : list of Node
        The steps from that one on that noted how the object stood that the operation waits for, the last first.
    """
    assert operation.able is not None
    number, thread = operation.touches[0][0], early.operation.thread
    for node in reversed(met):
        if node.clock.get(thread, 0) >= early.index:  # this one and those after it would come later
            return operation.able(node.operation.before[number])
    return operation.before is not None  # as it stood in the end


def _is_initial(rest: list[Node], position: int) -> bool:
    """Whether nothing that stands earlier in the list happened before that step."""
    clock = rest[position].clock
    return all(clock.get(node.operation.thread, 0) < node.index for node in rest[:position])


def _independent(touches: Any, rest: list[Node], known: int) -> bool:
    return not any(_may_conflict(touches, node.operation.touches, known) for node in rest)


def _may_conflict(one: Any, other: Any, known: int) -> bool:
    """Whether steps of two runs may conflict: objects that were met after the common beginning may be any."""
    for number, field, writes in one:
        for number2, field2, writes2 in other:
            same = number == number2 or (number >= known and number2 >= known)
            if same and (writes or writes2) and (field == field2 or field is None or field2 is None):
                return True
    return False


def _insert(tree: list[Branch], rest: list[Node], known: int) -> None:
    """Add a sequence of steps to the tree, unless what stands there leads to the same."""
    branches = tree
    while True:
        for branch in branches:
            first = next((k for k, node in enumerate(rest) if node.operation.thread == branch.thread), -1)
            if first >= 0:
                if _is_initial(rest, first):
                    rest = rest[:first] + rest[first + 1 :]
                    break
            elif _independent(branch.touches, rest, known):
                break
        else:
            break
        if not branch.children:
            return
        branches = branch.children
    for node in rest:
        branch = Branch(node.operation.thread, node.operation.touches)
        branches.append(branch)
        branches = branch.children
