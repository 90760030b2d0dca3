"""What a progress grid shows, before anything is drawn: nodes, regions, the steps' names, the bad path, the words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from lab.draw.words import act, capital, count_word, entry_thread, every, family, listing, needs_place, pairs
from lab.errors import UsageError
from lab.explorer.graph import Schedule, StateGraph

__all__ = ["Node", "Plan", "Spot", "alt_text", "plan_of", "table_of", "title_of"]

MOST = 16
"""A thread with more steps than this does not fit a figure."""

Spot = tuple[int, int]
"""How many steps each of the two threads has made."""


@dataclass(frozen=True)
class Node:
    """One state at one spot."""

    state: int
    spot: Spot


@dataclass(frozen=True)
class Plan:
    """What is drawn: nodes and edges, the spots no run reaches, those with no way back, the steps' names."""

    nodes: tuple[Node, ...]
    edges: tuple[tuple[Node, int, Node], ...]
    size: Spot
    unreachable: frozenset[Spot]
    hopeless: frozenset[Spot]
    labels: tuple[tuple[str, ...], tuple[str, ...]]
    path: tuple[Node, ...]

    def at(self, spot: Spot) -> list[Node]:
        """Return the states at a spot, from the upper left to the lower right."""
        return [node for node in self.nodes if node.spot == spot]


def plan_of(graph: StateGraph, path: Schedule | None) -> Plan:
    """Place the states of an acyclic graph of two threads on the grid; raises `UsageError` when it is too large."""
    start = Node(0, (0, 0))
    nodes, edges = {start: 0}, []
    steps: tuple[dict[int, dict[tuple[str, str], int]], ...] = (defaultdict(dict), defaultdict(dict))
    for node in (queue := [start]):
        for edge in graph.leaving[node.state]:
            spot = (node.spot[0] + (edge.thread == 0), node.spot[1] + (edge.thread == 1))
            after = Node(edge.target, spot)
            edges.append((node, edge.thread, after))
            steps[edge.thread][node.spot[edge.thread]][act(edge.accesses)[:2]] = 0
            if after not in nodes:
                nodes[after] = 0
                queue.append(after)
    size = (max(node.spot[0] for node in nodes), max(node.spot[1] for node in nodes))
    if max(size) > MOST:
        raise UsageError(
            f"{graph.scenario} has threads of up to {max(size)} steps; a progress grid has room for {MOST}"
        )
    by_spot: dict[Spot, list[int]] = defaultdict(list)
    for node in nodes:
        by_spot[node.spot].append(node.state)
    lattice = {(i, j) for i in range(size[0] + 1) for j in range(size[1] + 1)}
    hopeless = {spot for spot, states in by_spot.items() if all(state in graph.doomed for state in states)}
    hopeless -= {spot for spot, states in by_spot.items() if all(state in graph.ends for state in states)}
    ordered = _side_by_side(tuple(nodes), edges)
    return Plan(
        ordered, tuple(edges), size, frozenset(lattice - set(by_spot)), frozenset(hopeless), _labels(steps, size),
        _trail(graph, path),
    )  # fmt: skip


def _side_by_side(nodes: Sequence[Node], edges: Sequence[tuple[Node, int, Node]]) -> tuple[Node, ...]:
    """Order states of one spot so that few edges cross: by the mean of the spots and orders they come from."""
    lean: dict[Node, float] = {}
    for node in nodes:
        before = [(source, thread) for source, thread, target in edges if target == node]
        pulls = [lean.get(source, 0.0) + (1.0 if thread == 0 else -1.0) for source, thread in before]
        lean[node] = sum(pulls) / len(pulls) if pulls else 0.0
    turns: dict[Node, float] = {}
    for node in nodes:  # the last mover decides between nodes whose means agree
        last = [thread for _, thread, target in edges if target == node]
        turns[node] = sum(last) / len(last) if last else 0.0
    return tuple(sorted(nodes, key=lambda node: (node.spot, -lean[node], turns[node], node.state)))


def _labels(
    steps: tuple[dict[int, dict[tuple[str, str], int]], ...], size: Spot
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Name each thread's steps by what they do; a place is named where the verb's kind has several."""
    kinds: dict[str, set[str]] = defaultdict(set)
    for thread in steps:
        for some in thread.values():
            for verb, touched in some:
                kinds[family(verb)].add(touched)

    def name(some: dict[tuple[str, str], int]) -> str:
        found = [
            f"{verb} {touched}" if len(kinds[family(verb)]) > 1 or needs_place(verb) else verb for verb, touched in some
        ]
        return " or ".join(dict.fromkeys(found)) if len(found) <= 2 else "…"

    return (
        tuple(name(steps[0].get(number, {})) for number in range(size[0])),
        tuple(name(steps[1].get(number, {})) for number in range(size[1])),
    )


def _trail(graph: StateGraph, path: Schedule | None) -> tuple[Node, ...]:
    if path is None:
        return ()
    made, trail = [0, 0], [Node(0, (0, 0))]
    for state, entry in zip(graph.walk(path)[1:], path, strict=True):
        made[entry_thread(entry, graph.threads)] += 1
        trail.append(Node(state, (made[0], made[1])))
    return tuple(trail)


def title_of(graph: StateGraph, plan: Plan) -> str:
    """Say how many orders go wrong, and from where on they must."""
    bad, total = _bad_runs(graph), graph.schedules or 0
    if not bad:
        return capital(f"{every(total)} {'end' if total > 1 else 'ends'} well")
    only = {fault for faults in graph.faults.values() for fault in faults} == {"deadlock"}
    effect = (
        ("end in a deadlock" if only else "go wrong") if bad != 1 else ("ends in a deadlock" if only else "goes wrong")
    )
    if bad == total and total > 1:
        return capital(f"{every(total)} {effect}")
    doomed = [node for node in plan.nodes if node.spot in plan.hopeless]
    turn = ""
    if doomed and not only:
        first = min(doomed, key=lambda node: (sum(node.spot), node.spot))
        done = [
            f"{name} {labels[count - 1]}"
            for name, labels, count in zip(graph.threads, plan.labels, first.spot, strict=True)
            if count and labels[count - 1] != "…"
        ]
        turn = f"; once {listing(done)}, there is no way back" if done else ""
    return capital(f"{count_word(bad)} of {count_word(total)} orders {effect}{turn}")


def _bad_runs(graph: StateGraph) -> int:
    """Count the runs that pass a faulty state or end in one."""
    good = [0] * len(graph.states)
    for state in reversed(graph.order or ()):
        if state not in graph.faults:
            edges = graph.leaving[state]
            good[state] = sum(good[edge.target] for edge in edges) if edges else 1
    return (graph.schedules or 0) - good[0]


def alt_text(title: str, graph: StateGraph, plan: Plan) -> str:
    """Say the grid in words."""
    one, other = graph.threads
    right, upwards = (", ".join(labels) for labels in plan.labels)
    size = f"{len(graph.states)} states"
    said = [f"{title}. A grid: {one} moves to the right ({right}), {other} upwards ({upwards}); {size}."]
    if plan.unreachable:
        said.append(f"No run reaches {_spot_list(plan.unreachable)}.")
    dead = frozenset(node.spot for node in plan.nodes if node.state in graph.deadlocks)
    if dead:
        said.append(f"Deadlock after {_spot_list(dead)}.")
    if plan.hopeless - dead:
        said.append(f"There is no way back from {_spot_list(plan.hopeless - dead)}.")
    if plan.path:
        moves = [one if after.spot[0] > before.spot[0] else other for before, after in pairwise(plan.path)]
        said.append(f"The heavy line is {', '.join(moves)}.")
    return " ".join(said) + " Pairs are steps made by each."


def _spot_list(spots: frozenset[Spot]) -> str:
    return listing([f"({i}, {j})" for i, j in sorted(spots)])


def table_of(graph: StateGraph, plan: Plan) -> list[tuple[str, ...]]:
    """Return a row per state and spot, then one per spot that no run reaches."""
    one, other = graph.threads
    rows: list[tuple[str, ...]] = [(f"steps of {one}", f"steps of {other}", "state", "kind", "shared", "faults")]
    for node in plan.nodes:
        kind = "deadlock" if node.state in graph.deadlocks else "end" if node.state in graph.ends else "no way back"
        if kind == "no way back" and node.state not in graph.doomed:
            kind = ""
        rows.append((
            str(node.spot[0]), str(node.spot[1]), str(node.state), kind, "; ".join(pairs(graph.shared[node.state])),
            "; ".join(graph.faults.get(node.state, ())),
        ))  # fmt: skip
    rows += [(str(i), str(j), "", "unreachable", "", "") for i, j in sorted(plan.unreachable)]
    return rows
