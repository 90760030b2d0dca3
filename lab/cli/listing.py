"""`lab list` and `lab show`: the scenarios there are, and one of them line by line."""

from __future__ import annotations

import click

from lab.cli import options
from lab.cli.screen import complain, say
from lab.cli.screen import show as show_table
from lab.cli.status import FINE, WRONG, status_of, worst

__all__ = ["list_scenarios", "show"]


@click.command("list", short_help="List the scenarios there are.")
@click.option("--check", is_flag=True, help="Explore each one under the policies it speaks of, and compare.")
@options.bounds
def list_scenarios(check: bool, max_states: int | None, max_seconds: float | None) -> int:
    """List the scenarios that come with the lab, by topic in the order of teaching.

    Beside each stands what it declares about itself under each policy: faulty or sound. With --check, every scenario is
    explored and its expectations, and its answers to its own questions, are compared with what was found.
    """
    from lab import catalogue
    from lab.report.contents import Checked, contents

    entries = catalogue.entries()
    checked: dict[tuple[str, str], Checked] = {}
    statuses = [FINE]
    if check:
        from lab.cli.quiz import answers_of, complaints
        from lab.cli.run import explore

        for entry in entries:
            program = options.load(entry.name)
            for policy in dict.fromkeys(claim.policy for claim in program.expectations):
                result = explore(program, policy, max_states=max_states, max_seconds=max_seconds)
                status = status_of(result)
                statuses.append(status)
                checked[entry.name, policy] = Checked(status == FINE, result.complete, result.states)
            for sentence in complaints(program, answers_of(program, max_states, max_seconds)):
                complain(sentence)
                statuses.append(WRONG)
    for table in contents(entries, checked):
        show_table(table)
    say("lab show NAME prints one of them, lab run NAME explores it.")
    return worst(statuses)


@click.command(short_help="Show a scenario and the steps of each line.")
@click.argument("scenario", metavar="FILE|NAME")
@click.option("--answers", is_flag=True, help="Show what answers the file's questions, too: for teachers.")
@options.setting
def show(scenario: str, *, answers: bool, settings: tuple[str, ...]) -> int:
    """Show a scenario's source, the steps that each line takes, and where each policy may switch threads.

    Where the file asks questions, what it expects and asks is left out: the answers stand there.
    """
    from lab.catalogue import FIGURES, figure_of
    from lab.report.source import listing

    program = options.load(scenario, settings)
    show_table(listing(program, answers=answers))
    if program.lesson:
        say(program.lesson)
    if family := figure_of(program.name):
        say(f"\nThe figure for it shows {FIGURES[family]}: lab run {program.name} --figures DIR draws {family}.")
    return FINE
