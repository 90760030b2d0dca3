"""Programs as Promela models: SPIN then explores the very graph that the lab explored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from lab.explorer.bounds import Bounds
from lab.explorer.states.memo import StepResult
from lab.export.conditions import Conditions
from lab.export.tables import Case, JudgedProperty, Region, Stand, Tables, tabulate
from lab.export.variables import Names, comment, described, variable
from lab.model.instructions import Operate
from lab.model.program import Program
from lab.model.relation import Relation
from lab.model.state import FAILED, Local
from lab.model.values import Cursor, Ref

__all__ = ["promela"]

_DEPTH = 10_000
"""How deep SPIN searches unless told otherwise."""

_VECTOR = 1024
"""Bytes that SPIN reserves for a state unless told otherwise."""


def promela(relation: Relation, bounds: Bounds) -> str:
    """Return the program as a Promela model whose states and deadlocks are exactly its own.

    Notes
    -----
    The model is made of what the relation says about each step: a label for each local state of a thread, and an
    alternative for each thing that its step does. A thread that has ended waits for ever at a valid end label: a
    process that ends would have to wait for those that were started after it, which are states of SPIN's own.

    Raises
    ------
    IncompleteError
        When a bound is reached before everything is explored.
    """
    return _Model(relation, tabulate(relation, bounds)).text()


_Update = tuple[int, str, int]
"""A component, "=" or "+", and what it is set to or grows by."""

_LEFT_OUT = {
    "sometimes": "it asks for one state, and an assertion speaks of all",
    "eventually": "it speaks of whole runs, and an assertion of states",
}
"""Why a property of some kind has no counterpart in the model."""


class _Effect(NamedTuple):
    """One result of a step as the model writes it."""

    target: int
    updates: tuple[_Update, ...]


class _Model:
    """Writes the model."""

    def __init__(self, relation: Relation, tables: Tables) -> None:
        self.relation, self.program, self.tables = relation, relation.program, tables
        names = Names()
        self.threads = [names.give(thread.name) for thread in self.program.threads]
        self.variables = [
            variable(names.give(component.name), values, [_meaning(self.program, place, value) for value in values])
            for place, (component, values) in enumerate(zip(self.program.components, tables.values, strict=True))
        ]
        self.macros = {
            judged.property.name: names.give(f"{judged.property.kind}_{judged.property.name}")
            for judged in tables.properties
        }
        regions = {place for judged in tables.properties for place in judged.reads if isinstance(place, Region)}
        self.regions = {
            region: names.give(f"{self.threads[region.thread]}_in_{region.name}") for region in sorted(regions)
        }
        self.finals = any(judged.property.kind == "final" for judged in tables.properties)
        self.ended = names.give("threads_ended")
        flags = [held.name for held in self.variables if held.type == "bool"]
        self.conditions = Conditions([*flags, *self.regions.values()])
        self.labels = [_labels(thread) for thread in tables.threads]

    def text(self) -> str:
        """Return the whole model."""
        parts = [self._heading(), "\n".join(self._declarations())]
        if self.macros:
            parts.append("\n".join(map(self._macro, self.tables.properties)))
        parts += ["\n".join(self._process(thread)) for thread in range(len(self.threads))]
        return "\n\n".join(part for part in parts if part) + "\n"

    def _heading(self) -> str:
        program, tables = self.program, self.tables
        settings = "".join(f", {name} = {value!r}" for name, value in program.parameters.items())
        deep = f" -m{tables.depth + 10}" if tables.depth >= _DEPTH else ""
        size = 64 + 16 * len(self.threads) + 4 * len(self.variables) + len(self.regions)
        wide = f" -DVECTORSZ={2 * size}" if size > _VECTOR else ""
        found = f"{tables.states:,} states, {tables.transitions:,} transitions, {tables.deadlocks:,} deadlocked states"
        lines = [
            program.title,
            "",
            f"{program.name} under policy {self.relation.policy.name}{settings}",
            "",
            f"    spin -a FILE && gcc -O2 -DSAFETY -DNOREDUCE{wide} -o pan pan.c",
            f"    ./pan -E{deep}        judges the properties: an error is a violation",
            f"    ./pan -A -c0{deep}    counts the deadlocks: as many errors",
            "",
            f"The lab found {found}.",
            "SPIN stores as many states, and counts one transition more: the one into the initial state.",
            *(f"@{judged.property.kind} {judged.property.name}: {_verdict(judged)}." for judged in tables.properties),
            *(
                f"@{prop.kind} {prop.name} is left out: {_LEFT_OUT[prop.kind]}."
                for prop in program.properties
                if prop.kind in _LEFT_OUT
            ),
        ]
        return "/* " + "\n".join(f" * {comment(line)}".rstrip() for line in lines)[3:] + "\n */"

    def _declarations(self) -> Iterator[str]:
        for component, held in zip(self.program.components, self.variables, strict=True):
            if len(held.content) > 1:
                original = "" if held.name == component.name else component.name
                note = ": ".join(part for part in (original, held.meaning) if part)
                shown = f"    /* {comment(note)} */" if note else ""
                yield f"{held.type} {held.name} = {held.content[0]};{shown}"
        for region, name in self.regions.items():
            first = region.name in self.relation.regions(region.thread, self.tables.threads[region.thread][0].local)
            yield f"bool {name} = {int(first)};    /* decided by where the thread stands */"
        if self.finals:
            begun = sum(stands[0].local.ended for stands in self.tables.threads)
            yield f"byte {self.ended} = {begun};    /* decided by where the threads stand */"

    def _macro(self, judged: JudgedProperty) -> str:
        names = [self.regions[p] if isinstance(p, Region) else self.variables[p].name for p in judged.reads]
        moving = [k for k, p in enumerate(judged.reads) if isinstance(p, Region) or self._changes(p)]

        def rows(cases: Iterable[tuple[int, ...]]) -> set[tuple[int, ...]]:
            return {tuple(self._content(judged.reads[k], case[k]) for k in moving) for case in cases}

        kept = [names[k] for k in moving]
        text = self.conditions.exact(kept, rows(judged.holds)) or "1"
        if judged.fails:
            fails = self.conditions.exact(kept, rows(judged.fails)) or "1"
            text = min(text, f"!({fails})", key=len)
        return f"#define {self.macros[judged.property.name]} ({text})"

    def _changes(self, component: int) -> bool:
        return len(self.variables[component].content) > 1

    def _content(self, place: int | Region, number: int) -> int:
        return number if isinstance(place, Region) else self.variables[place].content[number]

    def _process(self, thread: int) -> Iterator[str]:
        yield f"active proctype {self.threads[thread]}() {{"
        stands, labels = self.tables.threads[thread], self.labels[thread]
        for number in sorted(range(len(stands)), key=lambda number: (stands[number].local.ended, number)):
            stand = stands[number]
            yield f"{labels[number]}:    /* {self._place(thread, stand.local)} */"
            options = list(self._options(thread, number))
            if len(options) > 1 or "".join(options).startswith("d_step"):  # nothing may jump to a d_step
                yield "    if"
                yield from (f"    :: {option}" for option in options)
                yield "    fi;"
            else:
                yield f"    {options[0] if options else 'false'};"
        unread = [held.name for place, held in enumerate(self.variables) if self._changes(place)]
        if thread == 0 and unread:
            yield "    /* Never reached; but SPIN would leave a variable that nothing reads out of the state. */"
            yield f"    {' && '.join(f'{name} == 0' for name in unread)}"
        yield "}"

    def _place(self, thread: int, local: Local) -> str:
        if local.ended:
            how = "ended by" if local.position == FAILED else "returned"
            return comment(f"{how} {described(self.program, local.values[0])}")
        code = self.program.threads[thread].code
        instruction = code.instructions[local.position]
        line = instruction.place.span.line
        text = instruction.operation.describe() if isinstance(instruction, Operate) else ""
        held = (
            f"{code.registers[register] or '_'} = {described(self.program, value)}"
            for register, value in zip(code.live[local.position], local.values, strict=True)
            if code.registers[register] or not isinstance(value, Ref | Cursor)
        )
        return comment(f"line {line}, {text}: {self.program.lines[line - 1].strip()}    {', '.join(held)}".rstrip())

    def _options(self, thread: int, number: int) -> Iterator[str]:
        """Write what a thread may do at a place, one text per different effect."""
        stand = self.tables.threads[thread][number]
        moving = [k for k, component in enumerate(stand.components) if self._changes(component)]
        names = [self.variables[stand.components[k]].name for k in moving]
        groups: dict[tuple[_Effect, ...], list[tuple[int, ...]]] = {}
        growing = self._growing(stand)
        for case in stand.cases:
            effects = tuple(self._effect(stand, case, result, growing) for result in case.results)
            row = tuple(self.variables[stand.components[k]].content[case.reads[k]] for k in moving)
            groups.setdefault(effects, []).append(row)
        for effects, rows in groups.items():
            others = [row for other, found in groups.items() if other != effects for row in found]
            guard = self.conditions.between(names, rows, others)
            for effect in effects:
                yield self._option(thread, number, guard, effect)

    def _growing(self, stand: Stand) -> frozenset[int]:
        """Return the components that the step adds to rather than sets, as far as every case that occurs tells."""
        found = set()
        for place, component in enumerate(stand.components):
            held = self.variables[component]
            pairs = [
                (held.content[case.reads[place]], held.content[result.writes[component]])
                for case in stand.cases
                for result in case.results
                if component in result.writes
            ]
            if held.plain and len({after - before for before, after in pairs}) < len({after for _, after in pairs}):
                found.add(component)
        return frozenset(found)

    def _effect(self, stand: Stand, case: Case, result: StepResult, growing: frozenset[int]) -> _Effect:
        updates: list[_Update] = []
        for component, number in sorted(result.writes.items()):
            held = self.variables[component]
            if component in growing:
                before = held.content[case.reads[stand.components.index(component)]]
                if held.content[number] != before:
                    updates.append((component, "+", held.content[number] - before))
            elif self._changes(component):
                updates.append((component, "=", held.content[number]))
        return _Effect(result.local, tuple(updates))

    def _option(self, thread: int, number: int, guard: str, effect: _Effect) -> str:
        stands = self.tables.threads[thread]
        actions = [self._update(update) for update in effect.updates]
        touched: set[int | Region] = {component for component, _, _ in effect.updates}
        before, after = (self.relation.regions(thread, stands[k].local) for k in (number, effect.target))
        for region, name in self.regions.items():
            if region.thread == thread and (region.name in before) != (region.name in after):
                actions.append(f"{name} = {int(region.name in after)}")
                touched.add(region)
        ends = stands[effect.target].local.ended
        if ends and self.finals:
            actions.append(f"{self.ended}++")
        first = [] if number else [judged for judged in self.tables.properties if self._fails_first(judged)]
        actions = [*map(self._assertion, first), *actions]
        actions += [
            self._assertion(judged)
            for judged in self.tables.properties
            if (ends if judged.property.kind == "final" else touched.intersection(judged.reads))
        ]
        return f"{_statement(guard, actions)}; goto {self.labels[thread][effect.target]}"

    @staticmethod
    def _fails_first(judged: JudgedProperty) -> bool:
        return judged.property.kind == "always" and not judged.holds_first

    def _update(self, update: _Update) -> str:
        component, how, number = update
        name = self.variables[component].name
        if how == "=":
            return f"{name} = {number}"
        return f"{name} = {name} {'-' if number < 0 else '+'} {abs(number)}"

    def _assertion(self, judged: JudgedProperty) -> str:
        macro = self.macros[judged.property.name]
        if judged.property.kind == "final":
            return f"assert({self.ended} < {len(self.threads)} || {macro})"
        return f"assert({macro})"


def _statement(guard: str, actions: Sequence[str]) -> str:
    if not actions:
        return guard or "d_step { skip }"  # SPIN refuses to go round in a circle of nothing but `skip`
    if not guard:
        return actions[0] if len(actions) == 1 else f"d_step {{ {'; '.join(actions)} }}"
    return f"d_step {{ {guard} -> {'; '.join(actions)} }}"


def _labels(stands: Sequence[Stand]) -> list[str]:
    """Return a label per local state; where it begins with `end`, SPIN lets a process stand for ever."""
    moving = ended = 0
    found = []
    for stand in stands:
        if stand.local.ended:
            ended += 1
            found.append(f"end_{ended}")
        else:
            moving += 1
            found.append(f"at_{moving}")
    return found


def _verdict(judged: JudgedProperty) -> str:
    if judged.property.kind == "always" and not judged.holds_first:
        return "violated, already in the initial state"
    return "violated" if judged.fails else "holds"


def _meaning(program: Program, component: int, value: object) -> str:
    """Return what a value of a component means; a lock is free or held by a thread."""
    for target in program.heap:
        if target.owned == component:
            holder = target.owner(value)
            if holder is None:
                return "free"
            again = f", {described(program, value)}" if isinstance(value, tuple) else ""
            return f"held by {program.threads[holder].name}{again}"
    return described(program, value)
