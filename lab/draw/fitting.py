"""The figures that fit one scenario: those whose family can show it, small enough to be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from lab.draw.by_policy import wrong_by_policy
from lab.draw.code_margin import switch_points_in_code
from lab.draw.drawing import Drawing
from lab.draw.files import save
from lab.draw.grid import progress_grid
from lab.draw.ladder import distinct, refcount_ladder
from lab.draw.lanes import swim_lanes
from lab.draw.levels import state_levels
from lab.draw.outcomes import outcome_bars
from lab.draw.runs import runs_of
from lab.draw.strips import interleaving_strips
from lab.draw.style import SizeName
from lab.errors import UsageError
from lab.explorer.graph import Schedule, StateGraph, state_graph
from lab.explorer.result import Result
from lab.model.policies import policy_named
from lab.model.program import Program
from lab.model.relation import Relation
from lab.model.trace import Trace, replay

__all__ = ["draw_fitting", "draw_policies"]


def draw_fitting(program: Program, result: Result, directory: str | Path, *, size: SizeName = "page") -> list[Path]:
    """Draw the figures that fit a scenario: those whose family can show it, small enough to be read.

    The outcome bars, the witness of the first wrong outcome as lanes, every interleaving if there are few, the ladder
    of a `Record`, and the progress grid of two threads that cannot go round in circles, else a small graph by levels;
    under policy access also the code with the switch points of every policy.

    Parameters
    ----------
    program, result
        A scenario and what an exploration of it found, under the policy that `result` names.
    directory : path
        Where to write; made if need be.
    """
    relation = Relation(program, policy_named(result.policy))
    stem = _stem(result)
    if result.policy != "access":
        stem += f"-{result.policy}"
    paths: list[Path] = []
    for family, make in _candidates(relation, result, size):
        try:
            drawing = make()
        except UsageError:  # this family cannot show this scenario
            continue
        paths += save(drawing, directory, f"{stem}-{family}")
    return paths


def draw_policies(results: Sequence[Result], directory: str | Path, *, size: SizeName = "page") -> list[Path]:
    """Draw under which policies a scenario goes wrong, if they differ in that.

    Parameters
    ----------
    results : sequence of Result
        What explorations of one scenario found, each under another policy.
    directory : path
        Where to write; made if need be.
    """
    try:
        drawing = wrong_by_policy(results, size=size)
    except UsageError:  # they do not differ, or not all is known
        return []
    return save(drawing, directory, f"{_stem(results[0])}-policies")


def _stem(result: Result) -> str:
    return result.scenario.replace("/", "-").replace("\\", "-").strip(".-") or "scenario"


STATES_IN_FIGURES = 400
STRIPS_IN_FIGURES = 12
STEPS_IN_FIGURES = 16
RACES_IN_FIGURES = 6


def _candidates(relation: Relation, result: Result, size: SizeName) -> Iterator[tuple[str, Callable[[], Drawing]]]:
    """Offer a way of drawing each family; one that does not fit raises `UsageError`."""
    yield "outcomes", lambda: outcome_bars(result, size=size)
    ended = [outcome for outcome in result.outcomes if outcome.status in {"finished", "deadlock"} and outcome.witness]
    ended.sort(key=lambda outcome: (not outcome.faulty, len(outcome.witness)))
    witnesses = [outcome.witness for outcome in ended]
    broken = None if ended and ended[0].faulty else _violated_on_the_way(result)
    if broken is not None:
        yield "lanes", lambda: swim_lanes(_short(replay(relation, broken[1])), wrong=True, broken=broken[0], size=size)
    elif witnesses:
        broken_at_end = _violated_at_the_end(result, witnesses[0])
        yield (
            "lanes",
            lambda: swim_lanes(
                _short(replay(relation, witnesses[0])), wrong=ended[0].faulty, broken=broken_at_end, size=size
            ),
        )
    if result.policy == "access":
        yield "code", lambda: switch_points_in_code(relation.program, size=size)
    if result.states > STATES_IN_FIGURES or not result.complete:
        return
    graph = state_graph(relation, STATES_IN_FIGURES)
    if graph.schedules is not None and graph.schedules <= STRIPS_IN_FIGURES:
        yield "strips", lambda: interleaving_strips(runs_of(relation, graph=graph), size=size)
    if _counts_references(graph) and witnesses:
        yield (
            "ladder",
            lambda: refcount_ladder(
                distinct(runs_of(relation, sorted(witnesses), graph)), total=graph.schedules, size=size
            ),
        )
    if len(graph.threads) == 2 and graph.order is not None:
        yield "grid", lambda: progress_grid(graph, size=size)
    else:
        yield "levels", lambda: state_levels(graph, size=size)


def _violated_on_the_way(result: Result) -> tuple[str, Schedule] | None:
    """Return a property that a state violates before the end, and a schedule to that state."""
    for prop in result.properties:
        if prop.kind == "always" and prop.witness:
            return prop.name, prop.witness
    return None


def _violated_at_the_end(result: Result, witness: Schedule) -> str:
    """Return the property whose shortest violation is this one; empty if there is none."""
    return next((one.name for one in result.properties if one.kind == "final" and one.witness == witness), "")


def _counts_references(graph: StateGraph) -> bool:
    """Whether the count of a `Record` changes: one that counts in fields of its own has no ladder."""
    counts = [
        {name: value["refs"] for name, value in shared.items() if isinstance(value, dict) and "refs" in value}
        for shared in graph.shared
    ]
    return any(count != counts[0] for count in counts)


def _short(trace: Trace) -> Trace:
    """Return the trace; raises `UsageError` when it is too long or too tangled to be read as lanes."""
    if len(trace.events) > STEPS_IN_FIGURES or len(trace.races) > RACES_IN_FIGURES:
        raise UsageError("the trace is too long for a figure")
    return trace
