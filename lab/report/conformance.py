"""The same file three ways: what `lab verify` shows of the model, of runs that were led, and of free runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lab.explorer.result import Result
from lab.report.stressed import interpreter_as_json, on, real_end, seen_as_json
from lab.report.table import Cell, Column, Table
from lab.report.words import count, lined, settings
from lab.report.words import schedule as written
from lab.verify.conformance import Checked, Comparison, Conformance, Led
from lab.verify.plan import BETWEEN_OPCODES
from lab.verify.refcount import RefcountReport

__all__ = ["conformance_as_json", "disagreements", "summary", "table"]

KINDS = {
    "schedules": ("every schedule", "schedules"),
    "traces": ("one schedule of each truly different kind", "schedules, one of each kind"),
    "steps": ("so many runs that every step of every state is taken", "runs with every step of every state"),
}
"""What was led, by the kind of the plan: in a sentence, and in a cell after a number."""


def table(found: Conformance, counted: dict[str, RefcountReport] | None = None) -> Table:
    """Return the table with a row for the model's finest policy, and one for each interpreter.

    Parameters
    ----------
    found : Conformance
        What was checked.
    counted : dict or None
        Reference counts of real objects by the path of the interpreter, where they apply.
    """
    model = found.model
    columns = [
        Column("on"),
        Column("policy"),
        Column("what the model says", wrap=44),
        Column("led along it", wrap=40),
        Column("free runs", wrap=40),
        *([Column("reference counts", wrap=30)] if counted else []),
    ]
    finest = model.results["access"]
    blank = Cell("-", "quiet")
    rows = [(Cell("the model", "strong"), Cell("access"), _says(finest), blank, blank, *([blank] if counted else []))]
    for one in found.checked:
        policy = one.free.result.policy
        row = (Cell(on(one.interpreter), "strong"), Cell(policy), _says(one.free.result), _led(one, model), _free(one))
        rows.append((*row, *([_counted(counted.get(one.interpreter.path))] if counted else [])))
    title = f"{finest.scenario}{settings(finest)}: the model, runs led along it, and free runs"
    return Table(title, tuple(columns), tuple(rows), tuple(_notes(found)))


def summary(found: Conformance) -> str:
    """Return what the comparison comes to, in a sentence or two."""
    name = found.model.results["access"].scenario
    where = lined(on(one.interpreter) for one in found.checked) or "no interpreter"
    left = " Ctrl-C was pressed: this is INCOMPLETE." if found.interrupted else ""
    if not found.conforms:
        wrong = lined(on(one.interpreter) for one in found.checked if not one.conforms)
        return f"{name} DOES NOT CONFORM on {wrong}: the model, or the lab, is wrong there.{left}"
    if found.complete:
        return f"{name} conforms on {where}."
    return f"{name}: nothing differs on {where}, and not everything could be compared.{left}"


def disagreements(found: Conformance) -> Iterator[str]:
    """Yield a sentence for everything that was seen and the model does not have."""
    for one in found.checked:
        where = on(one.interpreter)
        for difference in one.led.differences if one.led else ():
            entries = written(difference.schedule) or "no step"
            yield f"{where}, led along {entries}: {difference.what}."
        for seen in one.free.excluded:
            yield (
                f"{where}: {seen.runs:,} of {one.free.runs:,} free runs ended with {real_end(seen)}, "
                f"which policy {one.free.result.policy} excludes."
            )


def _says(result: Result) -> Cell:
    if not result.complete:
        return Cell(f"unknown: more than {result.states:,} states", "unknown")
    faulty = [one for one in result.outcomes if one.faulty]
    bad = f", {len(faulty)} faulty" if faulty else ""
    what = "outcome" if len(result.outcomes) == 1 else "outcomes"
    return Cell(f"{count(result.schedules)} schedules, {len(result.outcomes)} {what}{bad}")


def _led(one: Checked, model: Comparison) -> Cell:
    if one.led is None or model.plan is None:
        return Cell(f"not led: {one.why}", "quiet")
    total = len(model.plan.paths) + model.plan.beyond
    _, kind = KINDS[model.plan.kind]
    if one.led.differences:
        return Cell(f"{len(one.led.differences)} of {one.led.runs:,} {kind} DIFFER", "bad")
    made = f"{one.led.runs:,} of {total:,}" if one.led.runs < total else f"{total:,}"
    return Cell(f"{made} {kind}: all {one.led.steps:,} steps agree", "good" if one.led.complete else "unknown")


def _free(one: Checked) -> Cell:
    free = one.free
    stuck = f", {free.stuck:,} stuck" if free.stuck else ""
    runs = f"{free.runs:,} runs{stuck}"
    if not free.comparable:
        return Cell(f"{runs}: not compared, a Record stands for C", "quiet")
    if not free.result.complete:
        return Cell(f"{runs}: not compared", "unknown")
    if free.excluded:
        wrong = sum(seen.runs for seen in free.excluded)
        return Cell(f"{runs}: {wrong:,} EXCLUDED by the policy", "bad")
    seen = sum(bool(seen.runs) for seen in free.seen)
    return Cell(f"{runs}: {seen} of {len(free.seen)} outcomes, no other", "good")


def _counted(report: RefcountReport | None) -> Cell:
    if report is None:
        return Cell("-", "quiet")
    agreed = sum(check.holds for check in report.schedules)
    text = f"the locked model's in {agreed} of {len(report.schedules)}"
    return Cell(text if report.holds else f"{text}: NOT ALL HOLD", "good" if report.holds else "bad")


def _notes(found: Conformance) -> Iterator[str]:
    plan = found.model.plan
    if plan is not None:
        sentence, _ = KINDS[plan.kind]
        yield (
            f"Led: real threads, switched before the opcodes that the model names, along {sentence} (policy "
            f"{BETWEEN_OPCODES}: a switch between any two opcodes)."
        )
        if plan.beyond:
            yield f"{plan.beyond:,} runs more would be needed: --runs {len(plan.paths) + plan.beyond}."
        if plan.untimely:
            yield f"{plan.untimely:,} runs are left out: they need a moment that nobody can choose, as of a time-out."
    yield "Free: the operating system decides. An outcome that was not seen there proves nothing."


def conformance_as_json(found: Conformance, counted: dict[str, RefcountReport] | None = None) -> dict[str, Any]:
    """Return a comparison as plain data: the fields of docs/verify.md."""
    model, plan = found.model, found.model.plan
    finest = model.results["access"]
    return {
        "scenario": finest.scenario,
        "parameters": dict(finest.parameters),
        "conforms": found.conforms,
        "complete": found.complete,
        "interrupted": found.interrupted,
        "policies": [_policy_as_json(result) for result in model.results.values()],
        "plan": {"why": model.why} if plan is None else {
            "kind": plan.kind, "policy": BETWEEN_OPCODES, "runs": len(plan.paths), "beyond": plan.beyond,
            "left_out": plan.untimely,
        },
        "interpreters": [_checked_as_json(one, (counted or {}).get(one.interpreter.path)) for one in found.checked],
    }  # fmt: skip


def _policy_as_json(result: Result) -> dict[str, Any]:
    return {
        "policy": result.policy,
        "complete": result.complete,
        "outcomes": len(result.outcomes),
        "faulty": sum(one.faulty for one in result.outcomes),
        "properties": {prop.name: prop.verdict for prop in result.properties},
        "deadlock": result.deadlock.verdict,
        "exceptions": result.exceptions.verdict,
    }


def _checked_as_json(one: Checked, counted: RefcountReport | None) -> dict[str, Any]:
    free = one.free
    return {
        **interpreter_as_json(one.interpreter),
        "policy": free.result.policy,
        "conforms": one.conforms,
        "led": {"why": one.why} if one.led is None else _led_as_json(one.led),
        "free": {
            "runs": free.runs,
            "stuck": free.stuck,
            "compared": free.compared,
            "outcomes": [seen_as_json(seen) for seen in free.seen],
        },
        **({} if counted is None else {"reference_counts": counted.holds}),
    }


def _led_as_json(led: Led) -> dict[str, Any]:
    return {
        "runs": led.runs,
        "steps": led.steps,
        "complete": led.complete,
        "differences": [{"schedule": list(one.schedule), "what": one.what} for one in led.differences],
    }
