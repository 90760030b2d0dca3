"""`lab run`: output, JSON, exit statuses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import lab
import lab.draw
from tests.cli.conftest import BUSY, RACE, SOUND

GOLDEN = Path(__file__).parent / "golden"


def test_refcount_race_prints_its_tables(command) -> None:
    """Six schedules: two are right, two leave one reference too few, two one too many; the file expects just that."""
    done = command("run", "refcount/race")
    assert done.out == (GOLDEN / "run-refcount-race.txt").read_text(encoding="utf-8")
    assert done.err == ""
    assert done.status == 0


def test_one_file_and_one_policy_give_an_object(command) -> None:
    """Numbers worked out by hand: 13 states, 14 transitions, 6 schedules; 1/3 of them right, with probability 1/2."""
    done = command("run", "refcount/race", "--json")
    data = json.loads(done.out)
    assert (data["states"], data["transitions"], data["schedules"]) == (13, 14, "6")
    first = data["outcomes"][0]
    assert first["shared"] == {"refcount": 2}
    assert (first["schedules"], first["share"], first["probability"]) == ("2", "1/3", "1/2")
    assert first["witness"] == ["T1", "T1", "T2", "T2"]
    assert done.err == ""


def test_truly_different_runs_are_counted_when_asked_for(command) -> None:
    """Of six schedules, two orders of T1 and T2 are serial; reading first, who writes last makes two more: 4 in all."""
    done = command("run", "refcount/race", "--traces")
    assert "4 truly different runs" in done.out
    assert "traces: 4" in done.out
    assert "not asked" not in done.out
    data = json.loads(command("run", "refcount/race", "--traces", "--json").out)
    assert (data["traces"], [outcome["traces"] for outcome in data["outcomes"]]) == ("4", ["2", "1", "1"])


def test_truly_different_runs_are_listed_one_by_one(command) -> None:
    """Two serial runs stand for one schedule each, the two that lose an update for two: 6 in all.

    The outcomes are 2, 3, 1; T2 loses its update in the first schedule that ends in 3, T1 in the one that ends in 1.
    """
    done = command("run", "refcount/race", "--by", "trace")
    assert "4 runs stand for 6 schedules: 1 + 1 + 2 + 2." in done.out
    assert done.status == 0
    data = json.loads(command("run", "refcount/race", "--by", "trace", "--limit", "3", "--json").out)
    assert data["traces"] == "4"
    assert data["representatives"][2] == {"outcome": 2, "schedule": ["T1", "T2", "T1", "T2"], "interleavings": "2"}
    assert "3 of 4 runs are listed" in command("run", "refcount/race", "--by", "trace", "--limit", "3").out
    assert "representatives" not in json.loads(command("run", "refcount/race", "--traces", "--json").out)
    assert "Blocked in a deadlock, and not counted as finished: 1." in (
        command("run", "lock_order/inversion", "--by", "trace").out
    )


def test_a_limit_needs_a_list(command) -> None:
    done = command("run", "refcount/race", "--limit", "3")
    assert (done.status, done.out) == (2, "")
    assert done.err == "lab: --limit says how many truly different runs to list; give --by trace, too\n"


def test_a_list_that_a_bound_cuts_short_says_so(command, monkeypatch) -> None:
    """The exit status is that of a bound, although the exploration itself is complete."""
    explored = lab.explore("refcount/locked", representatives=20)
    assert explored.representatives is not None
    for cut, sentence in (
        (replace(explored, representatives=explored.representatives[:1]), "are listed: a bound was reached first"),
        (replace(explored, traces=None, representatives=None), "were not counted: a bound was reached first"),
    ):
        monkeypatch.setattr(lab, "explore", lambda *_args, cut=cut, **_options: cut)
        done = command("run", "refcount/locked", "--by", "trace")
        assert sentence in done.err
        assert done.status == 3


def test_two_runs_differ_in_seconds_only(command) -> None:
    """Everything else is the same, byte for byte."""
    first, second = (json.loads(command("run", "refcount/race", "--json").out) for _ in range(2))
    assert first.pop("seconds") >= 0
    second.pop("seconds")
    assert json.dumps(first) == json.dumps(second)


def test_several_give_an_array_in_the_order_given(command) -> None:
    """All policies of the first file, then all of the second."""
    done = command("run", "refcount/locked", "refcount/race", "--policy", "all", "--json")
    found = [(data["scenario"], data["policy"]) for data in json.loads(done.out)]
    policies = [policy for name, policy in found if name == "refcount/race"]
    assert policies[:2] == ["access", "statement"]
    assert found == [(name, policy) for name in ("refcount/locked", "refcount/race") for policy in policies]


def test_all_policies_of_one_file_give_an_array(command) -> None:
    """Even one file is an array then."""
    assert isinstance(json.loads(command("run", "refcount/race", "--policy", "all", "--json").out), list)


def test_under_policy_statement_no_update_is_lost(command) -> None:
    """Each `+=` is one step: two schedules, both right."""
    data = json.loads(command("run", "refcount/race", "--policy", "statement", "--json").out)
    assert data["schedules"] == "2"
    assert [outcome["shared"]["refcount"] for outcome in data["outcomes"]] == [2]


def test_parameters_are_set(command) -> None:
    """Three philosophers who take left first: one deadlock state, whatever their number."""
    data = json.loads(command("run", "philosophers/all_left", "--set", "N=3", "--json").out)
    assert data["parameters"]["N"] == 3
    assert data["deadlock"]["states"] == 1


def test_a_violation_that_nobody_expects_is_1(command, files) -> None:
    """Two increments without `expect`: an update can be lost."""
    done = command("run", files("race.py", RACE))
    assert done.status == 1
    assert "every_update_counted is violated in 4 schedules" in done.out


def test_a_sound_file_is_0(command, files) -> None:
    """A data race alone is no fault."""
    done = command("run", files("sound.py", SOUND))
    assert done.status == 0
    assert "Data races" in done.out


def test_an_expectation_that_is_missed_is_1(command, files) -> None:
    """The file expects seven schedules, and there are six."""
    text = SOUND.replace("final, thread", "expect, final, thread") + "\nexpect(schedules=7)\n"
    done = command("run", files("wrong.py", text))
    assert done.status == 1
    assert "not met" in done.out
    assert "This is not what the file expects." in done.out


@pytest.mark.parametrize("bound", [("--max-states", "100"), ("--max-seconds", "0.2")])
def test_a_bound_is_3(command, files, bound) -> None:
    """What was found is kept, nothing is claimed to hold, and counts are not known."""
    done = command("run", files("busy.py", BUSY), "--json", *bound)
    data = json.loads(done.out)
    assert done.status == 3
    assert data["complete"] is False
    assert data["schedules"] is None
    assert "holds" not in {data[name]["verdict"] for name in ("deadlock", "livelock", "exceptions")}


def test_a_violation_found_before_the_bound_is_1(command, files) -> None:
    """An `always` property that is false from the start is violated however early the exploration stops."""
    text = BUSY.replace("import thread", "import always, thread") + "\n\n@always\ndef positive():\n    return x > 0\n"
    assert command("run", files("busy.py", text), "--max-states", "100").status == 1


def test_several_files_give_the_worst_status(command, files) -> None:
    """In the order 2, 1, 3, 0; a wrong file does not keep the others from being explored."""
    sound, race, busy = files("sound.py", SOUND), files("race.py", RACE), files("busy.py", BUSY)
    assert command("run", sound, busy, "--max-states", "50").status == 3
    assert command("run", sound, busy, race, "--max-states", "50").status == 1
    done = command("run", "nowhere.py", sound, race)
    assert done.status == 2
    assert done.out.count("Outcomes") == 2


def test_nothing_is_printed_for_a_single_wrong_file_as_json(command) -> None:
    """No half an array: standard output stays empty."""
    done = command("run", "nowhere.py", "--json")
    assert (done.status, done.out) == (2, "")


def test_figures_that_fit_are_drawn_and_named(command, tmp_path) -> None:
    """The folder is made; the output says which files there are."""
    folder = tmp_path / "new" / "figures"
    done = command("run", "refcount/race", "--figures", folder)
    assert done.status == 0
    assert list(folder.glob("refcount-race*.svg"))
    assert all(str(path.with_suffix("")) in done.out for path in folder.glob("*.svg"))


def test_under_every_policy_a_figure_compares_them(command, monkeypatch, tmp_path) -> None:
    """One more than the policies have each; a scenario that is right under all of them has none."""
    monkeypatch.setattr(lab.draw, "draw_fitting", lambda *_: [])
    assert (
        "refcount-race-policies: svg" in command("run", "refcount/race", "--policy", "all", "--figures", tmp_path).out
    )
    done = command("run", "refcount/locked", "--policy", "all", "--figures", tmp_path)
    assert "policies" not in {path.stem.rpartition("-")[2] for path in tmp_path.glob("refcount-locked*")}
    assert done.status == 0


def test_with_json_the_figures_are_named_on_standard_error(command, monkeypatch, tmp_path) -> None:
    """Standard output is JSON and nothing else."""
    monkeypatch.setattr(lab.draw, "draw_fitting", lambda *_: [tmp_path / "refcount-race-outcomes.svg"])
    done = command("run", "refcount/race", "--json", "--figures", tmp_path)
    assert json.loads(done.out)["scenario"] == "refcount/race"
    assert "refcount-race" in done.err


def test_a_scenario_that_no_figure_fits_says_so(command, monkeypatch, tmp_path) -> None:
    """Silence would look like a failure."""
    monkeypatch.setattr(lab.draw, "draw_fitting", lambda *_: [])
    assert "No figure fits this scenario." in command("run", "refcount/race", "--figures", tmp_path).out


def test_wrong_input_leaves_no_folder_behind(command, files, tmp_path) -> None:
    """Nothing is written for a file outside the language."""
    done = command("run", files("bad.py", "import os\n"), "--figures", tmp_path / "drawn")
    assert done.status == 2
    assert not (tmp_path / "drawn").exists()


def test_a_bound_on_preemptions_says_what_it_covers(command) -> None:
    """Two of six orders preempt nobody: nothing is violated in them, which proves no more."""
    done = command("run", "refcount/race", "--preemptions", "0")
    assert done.status == 3
    assert "incomplete: all 2 schedules with at most 0 preemptions; 8 states" in done.out
    assert "in all 2 schedules with at most 0 preemptions; others were not explored." in done.out


def test_a_bound_on_preemptions_in_json(command) -> None:
    """Four orders preempt once or never; among them is one that loses an update."""
    done = command("run", "refcount/race", "--preemptions", "1", "--json")
    found = json.loads(done.out)
    assert found["preemptions"] == {"bound": 1, "schedules": "4"}
    assert (found["complete"], found["schedules"], found["outcomes"][0]["share"]) == (False, None, None)
    assert found["properties"][0]["verdict"] == "violated"
    assert [end["preemptions"] for end in found["outcomes"]] == [0, 1, 1]


def test_a_bound_on_preemptions_that_leaves_nothing_out_is_exact(command) -> None:
    """No order of two increments preempts three times."""
    bounded, plain = (command("run", "refcount/race", *more).out for more in (["--preemptions", "3"], []))
    assert bounded == plain
