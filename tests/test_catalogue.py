"""The catalogue of shipped scenarios."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lab import catalogue
from lab.errors import UsageError


def test_the_table_and_the_folder_name_the_same_files() -> None:
    """Every file has its place in the order of teaching, and every place has its file."""
    listed = [f"{topic.folder}/{file}" for topic in catalogue.TOPICS for file in topic.files]
    assert list(catalogue.names()) == listed


def test_no_scenario_is_called_like_a_module_of_python() -> None:
    """Pytest takes the files of an editable install for modules of its plugin, and warns of those imported before."""
    words = {part for name in catalogue.names() for part in name.split("/")}
    assert words.isdisjoint(sys.stdlib_module_names)


def test_teaching_starts_with_the_lost_update() -> None:
    assert catalogue.names()[:6] == (
        "lost_update/race",
        "lost_update/locked",
        "lost_update/own_counter",
        "lost_update/call_in_window",
        "lost_update/call_in_window_locked",
        "refcount/race",
    )


def test_an_entry_says_what_the_file_declares() -> None:
    """The racy refcount is faulty before 3.10 and without a GIL; sound under policy statement and on 3.12."""
    entry = {entry.name: entry for entry in catalogue.entries()}["refcount/race"]
    assert entry.title == "Two threads share a reference count and hold no lock."
    assert entry.topic == "Reference counts"
    assert entry.declared == {
        "access": "faulty",
        "statement": "sound",
        "cpython-3.9": "faulty",
        "cpython-3.12": "sound",
        "free-threaded": "faulty",
    }
    assert entry.path.name == "race.py"


def test_every_scenario_has_a_title_and_a_declared_verdict() -> None:
    for entry in catalogue.entries():
        assert entry.title.endswith("."), entry.name
        assert "access" in entry.declared, entry.name


def test_every_faulty_scenario_has_a_sound_twin_in_its_folder() -> None:
    verdicts: dict[str, set[str]] = {}
    for entry in catalogue.entries():
        verdicts.setdefault(entry.topic, set()).add(entry.declared["access"])
    assert all(found == {"faulty", "sound"} for found in verdicts.values())


def test_a_shipped_name_resolves_with_and_without_py(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    expected = (catalogue.folder() / "refcount" / "race.py", "refcount/race")
    assert catalogue.resolve("refcount/race") == expected
    assert catalogue.resolve("refcount/race.py") == expected


def test_a_file_wins_over_a_shipped_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who types the path of a file that is there means that file."""
    monkeypatch.chdir(tmp_path)
    mine = Path("refcount/race.py")
    mine.parent.mkdir()
    mine.write_text("", encoding="utf-8")
    assert catalogue.resolve("refcount/race.py") == (mine, "refcount/race")
    assert catalogue.resolve("refcount/race")[0].is_relative_to(catalogue.folder())


def test_a_path_into_the_shipped_folder_has_the_shipped_name() -> None:
    path = catalogue.folder() / "bank" / "race.py"
    assert catalogue.resolve(str(path)) == (path, "bank/race")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("refcont/race", "there is no scenario 'refcont/race'; did you mean refcount/race"),
        ("swapped", "there is no scenario 'swapped'; did you mean peterson/swapped?"),
        ("bakery", "'bakery' is a topic; name one of bakery/no_choosing, bakery/bakery"),
        ("no/such.py", "there is no file 'no/such.py'; `lab list` shows the scenarios there are"),
        ("zzzzzz", "there is no scenario 'zzzzzz'; `lab list` shows the scenarios there are"),
    ],
)
def test_an_unknown_name_is_answered_with_near_ones(typed: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        catalogue.resolve(typed)
    assert str(caught.value).startswith(sentence)


def test_an_installed_package_carries_its_scenarios(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scenarios inside the package win; one that the table does not know comes last."""
    package = tmp_path / "lab"
    for name in ("bank/locked.py", "bank/another.py", "alone.py"):
        path = package / "scenarios" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            'expect("statement")\nprint()\nx = 1\nexpect(policy="access", errors=set())\n', encoding="utf-8"
        )
    monkeypatch.setattr(catalogue, "__file__", str(package / "catalogue.py"))
    assert catalogue.names() == ("bank/locked", "bank/another", "alone")
    last = catalogue.entries()[-1]
    assert (last.name, last.title, last.topic, last.declared) == ("alone", "alone", "", {"access": "sound"})


def test_an_installation_without_scenarios_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "__file__", str(tmp_path / "lab" / "catalogue.py"))
    with pytest.raises(UsageError, match="no scenarios"):
        catalogue.names()


def test_the_catalogue_explores_nothing() -> None:
    """Listing imports neither numpy nor the model, and runs no scenario."""
    code = (
        "import sys, lab.catalogue as c; c.entries(); print({'numpy', 'lab.model', 'lab.scenario'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_every_scenario_has_a_figure_that_suits_it() -> None:
    """The table names no other scenarios, and only families that there are."""
    assert {catalogue.figure_of(name) for name in catalogue.names()} == set(catalogue.FIGURES)
    assert set(catalogue.OTHER_FIGURES) <= set(catalogue.names())
    assert catalogue.figure_of("refcount/from_one") == "ladder"
    assert catalogue.figure_of("refcount/no_such") is None
