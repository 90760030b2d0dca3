"""The race-condition and GIL simulation lab: what a small concurrent program can do, in every order.

>>> import lab
>>> result = lab.explore("refcount/race")
>>> [(outcome.shared["refcount"], outcome.schedules) for outcome in result.outcomes]
[(2, 2), (3, 2), (1, 2)]
>>> lab.replay("refcount/race", ["T1", "T2", "T1", "T2"]).events[-1].shared
{'refcount': 1}

Importing the lab is cheap: what a call needs is imported when it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from lab.errors import IncompleteError, LabError, ScenarioError, UsageError

if TYPE_CHECKING:
    from lab.explorer.bounds import Progress
    from lab.explorer.checkpoint import Checkpoint
    from lab.explorer.questions import Answered
    from lab.explorer.result import Outcome, PropertyResult, Result
    from lab.model.program import Program
    from lab.model.relation import Relation
    from lab.model.trace import Trace
    from lab.sampler.result import Sample

__all__ = [
    "IncompleteError",
    "LabError",
    "ScenarioError",
    "UsageError",
    "explain",
    "explore",
    "load",
    "promela",
    "quiz",
    "relation",
    "replay",
    "sample",
]

__version__ = "0.1.0"


def load(scenario: str | Path, parameters: Mapping[str, Any] | None = None) -> Program:
    """Return a scenario's program, read and never run.

    Parameters
    ----------
    scenario : str or Path
        A shipped scenario's name, such as "refcount/race", or a file's path.
    parameters : Mapping[str, Any] or None
        Parameters of the file to set.

    Raises
    ------
    ScenarioError
        The file is outside the language.
    UsageError
        There is no such file or scenario, or no such parameter.
    """
    from lab import catalogue
    from lab.language import load_program

    path, name = catalogue.resolve(str(scenario))
    return load_program(path, name=name, parameters=parameters)


def relation(
    scenario: str | Path | Program,
    policy: str = "access",
    parameters: Mapping[str, Any] | None = None,
    *,
    spurious: bool = False,
) -> Relation:
    """Return a scenario's transition relation under a policy; raises as `load` does.

    With `spurious`, a thread that waits at a condition may also wake up without being notified.
    """
    from lab.model.policies import policy_named
    from lab.model.relation import Relation

    program = load(scenario, parameters) if isinstance(scenario, str | Path) else scenario
    return Relation(replace(program, spurious=spurious or program.spurious), policy_named(policy))


def explore(
    scenario: str | Path | Program,
    policy: str = "access",
    parameters: Mapping[str, Any] | None = None,
    *,
    max_states: int | None = None,
    deadline: Callable[[], bool] | None = None,
    progress: Callable[[Progress], None] | None = None,
    traces: bool = False,
    engine: str = "auto",
    max_preemptions: int | None = None,
    representatives: int = 0,
    max_length: int | None = None,
    spurious: bool = False,
    symmetry: bool = True,
    max_memory: int | None = None,
    checkpoint: Checkpoint | str | Path | None = None,
    resume: bool = False,
    liveness: bool = True,
) -> Result:
    """Return everything that a scenario can do under a policy.

    Parameters
    ----------
    scenario : str, Path or Program
        A shipped scenario's name, a file's path, or a program that `load` returned.
    policy : str
        Where a switch between threads is possible: "access" or "statement".
    parameters : Mapping[str, Any] or None
        Parameters of the file to set.
    max_states : int or None
        Stop after about so many states; the result is then incomplete and says so.
    deadline : callable or None
        Asked now and then; stop when it returns True.
    progress : callable or None
        Told now and then how far the exploration is.
    traces : bool
        Whether to count truly different runs (Mazurkiewicz traces), too; None in the result if a bound is reached.
    engine : str
        "numpy"; "compiled", faster on large programs, which needs the extra `fast`; or "auto", which
        changes to it in large explorations if it is there. Results do not depend on it.
    max_preemptions : int or None
        Explore only the schedules with at most so many preemptions, >= 0: switches away from a thread that could go on.
    representatives : int
        How many of these runs to list at most, which implies `traces`; 0 means none.
    max_length : int or None
        Count the runs of each length up to this one, too; >= 0.
    spurious : bool
        Whether a thread that waits at a condition may also wake up without being notified.
    symmetry : bool
        Whether threads of one `each` that provably may be swapped are explored as one; the result does not show it.
    max_memory : int or None
        Bytes that this process may have resident: stop when more would be needed, at most a tenth above.
    checkpoint : str, Path or Checkpoint or None
        A folder of its own to keep every half minute what is needed to go on after a kill; it stays there. A
        `lab.explorer.checkpoint.Checkpoint` says more.
    resume : bool
        Whether to go on from what is in that folder.
    liveness : bool
        Whether to look for what only runs without end show; without it, a program with cycles is explored for safety
        alone, faster: livelocks, starvation, `@eventually` and probabilities behind cycles are then unknown.

    Raises
    ------
    ScenarioError, UsageError
        As `load` does, and when the scenario leaves the language while it is explored.
    """
    from lab.explorer import explore as explore_relation
    from lab.explorer.result import explain_by, show_in_notebooks

    show_in_notebooks(_as_html)
    explain_by(explain)
    start = perf_counter()
    result = explore_relation(
        relation(scenario, policy, parameters, spurious=spurious),
        max_states=max_states,
        deadline=deadline,
        progress=progress,
        traces=traces,
        engine=engine,
        max_preemptions=max_preemptions,
        representatives=representatives,
        max_length=max_length,
        symmetry=symmetry,
        max_memory=max_memory,
        checkpoint=_kept(checkpoint, resume=resume),
        liveness=liveness,
    )
    return replace(result, seconds=perf_counter() - start)


def _kept(checkpoint: Checkpoint | str | Path | None, *, resume: bool) -> Checkpoint | None:
    """Return the checkpoint in a folder, which is written every half minute."""
    if not isinstance(checkpoint, str | Path):
        return checkpoint
    import warnings

    from lab.explorer.checkpoint import Checkpoint

    last = [perf_counter()]

    def due() -> bool:
        if perf_counter() - last[0] < _HALF_A_MINUTE:
            return False
        last[0] = perf_counter()
        return True

    return Checkpoint(Path(checkpoint), due, warnings.warn, resume=resume, version=__version__)


_HALF_A_MINUTE = 30.0


def _as_html(result: Result) -> str:
    from lab.report.notebook import as_html

    return as_html(result)


def explain(result: Result, what: PropertyResult | Outcome | None = None) -> str:
    """Return in about three sentences what goes wrong in a witness; `result.explain()` is the same.

    Parameters
    ----------
    result : Result
        What `explore` returned.
    what : PropertyResult or Outcome or None
        The property or the outcome of the result to explain; None for the first violated property, else a deadlock,
        else the first faulty outcome.

    Raises
    ------
    UsageError
        The result was not explored from a scenario.
    """
    from lab.report.explain import explain as explain_result

    return explain_result(result, what)


def quiz(
    scenario: str | Path | Program,
    *,
    max_states: int | None = None,
    deadline: Callable[[], bool] | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> tuple[Answered, ...]:
    """Return the questions that a scenario asks its reader, each with the answer that an exploration gives.

    Parameters
    ----------
    scenario : str, Path or Program
        As for `explore`; every question is answered under its own policy and parameters.
    max_states, deadline, progress
        As for `explore`.

    Raises
    ------
    ScenarioError, UsageError
        As `explore` does.

    Examples
    --------
    >>> [(asked.question.text, asked.answer, asked.right) for asked in quiz("refcount/race")][0]
    ('Can the count end at 1, although one thread adds one and the other takes one away?', True, True)
    """
    from lab.explorer.questions import answered
    from lab.language import parse

    program = load(scenario) if isinstance(scenario, str | Path) else scenario
    explored: dict[str, Result] = {}
    found: list[Answered] = []
    for question in program.questions:
        traces = question.about == "traces"
        key = repr((question.policy, sorted(question.parameters.items()), traces))
        if key not in explored:
            asked = parse(program.source, path=program.path, name=program.name, parameters=question.parameters)
            explored[key] = explore(
                asked, question.policy, max_states=max_states, deadline=deadline, progress=progress, traces=traces
            )
        found.append(answered(question, explored[key]))
    return tuple(found)


def replay(
    scenario: str | Path | Program,
    schedule: Sequence[str],
    policy: str = "access",
    parameters: Mapping[str, Any] | None = None,
    *,
    spurious: bool = False,
) -> Trace:
    """Return what happens when the threads run in the given order; raises `UsageError` when they cannot."""
    from lab.model.trace import replay as replay_relation

    return replay_relation(relation(scenario, policy, parameters, spurious=spurious), schedule)


def sample(
    scenario: str | Path | Program,
    policy: str = "access",
    parameters: Mapping[str, Any] | None = None,
    *,
    runs: int = 1000,
    seed: int = 1,
    uniform: bool = False,
    pct: int | None = None,
    max_length: int | None = None,
    max_states: int | None = None,
    deadline: Callable[[], bool] | None = None,
    progress: Callable[[Progress], None] | None = None,
    drawn: Callable[[int, int], None] | None = None,
) -> Sample:
    """Return what runs drawn at random show; the same seed gives the same sample.

    Parameters
    ----------
    scenario, policy, parameters
        As for `explore`.
    runs : int
        How many to draw, >= 1.
    seed : int
        What the random numbers are made from, >= 0.
    uniform : bool
        Draw exactly uniformly from all runs, which are explored first.
    pct : int or None
        Draw by probabilistic concurrency testing for faults of this depth, >= 1. With neither, each step is of a
        thread chosen uniformly among the enabled ones.
    max_length : int or None
        The most steps of a run, >= 1: longer ones are not drawn (`uniform`) or cut off, by default after 10,000.
    max_states : int or None
        States to explore at most, >= 1; `uniform` alone explores.
    deadline : callable or None
        Asked after every run, and now and then during a long one; drawing stops when it returns True.
    progress, drawn : callable or None
        Told how far the exploration has come; how many runs have been drawn, and of how many.

    Raises
    ------
    ScenarioError, UsageError
        As `load` does; a number out of range; infinitely many runs, or none, to draw from uniformly.
    IncompleteError
        The exploration was stopped, or the counts of runs need too much memory: nothing can be drawn uniformly.

    Examples
    --------
    >>> found = sample("refcount/race", runs=600, uniform=True)
    >>> found.population, [(outcome.shared["refcount"], outcome.seen.runs) for outcome in found.outcomes]
    (6, [(3, 216), (1, 196), (2, 188)])
    """
    from lab.sampler import sample as draw

    return draw(
        relation(scenario, policy, parameters),
        runs=runs,
        seed=seed,
        uniform=uniform,
        pct=pct,
        max_length=max_length,
        max_states=max_states,
        deadline=deadline,
        progress=progress,
        drawn=drawn,
    )


def promela(
    scenario: str | Path | Program,
    policy: str = "access",
    parameters: Mapping[str, Any] | None = None,
    *,
    max_states: int | None = None,
    deadline: Callable[[], bool] | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> str:
    """Return a scenario as a Promela model, of which the model checker SPIN finds exactly the same states.

    Parameters
    ----------
    scenario, policy, parameters, max_states, deadline, progress
        As for `explore`.

    Raises
    ------
    ScenarioError, UsageError
        As `explore` does.
    IncompleteError
        When a bound is reached before everything is explored.
    """
    from lab.explorer.bounds import Bounds
    from lab.export import promela as export

    return export(relation(scenario, policy, parameters), Bounds(max_states, deadline, progress))
