"""The gallery in figures/ is what the code draws."""

from __future__ import annotations

from pathlib import Path

import pytest

import lab
from lab import catalogue
from lab.draw import draw_fitting, draw_gallery
from lab.draw.drawing import Drawing, svg_text
from lab.draw.gallery import GALLERY, GALLERY_SIZES, Picture, _file_name
from lab.draw.style import SizeName
from tests.draw.samples import overlaps, relation, result

FIGURES = Path(__file__).resolve().parents[2] / "figures"
EVERY = [(picture, size) for picture in GALLERY for size in GALLERY_SIZES]


@pytest.mark.parametrize(("picture", "size"), EVERY, ids=[f"{picture.name}-{size}" for picture, size in EVERY])
def test_the_gallery_is_up_to_date(picture: Picture, size: SizeName) -> None:
    """Drawn again with the locked matplotlib, each SVG and each table is the same byte for byte: run `make figures`."""
    made = picture.make(size)
    name = _file_name(picture.name, size)
    assert svg_text(made).encode() == (FIGURES / f"{name}.svg").read_bytes()
    assert made.csv().encode() == (FIGURES / f"{name}.csv").read_bytes()
    assert overlaps(made) == []


def test_the_index_says_every_picture_in_words() -> None:
    """Each picture is shown with its caption and its alternative text."""
    index = (FIGURES / "README.md").read_text(encoding="utf-8")
    for picture in GALLERY:
        assert f"## {picture.caption}" in index
        assert f"]({picture.name}.svg)" in index
        assert picture.make("column").alt[:40].replace("_", "\\_") in index


def test_drawing_the_gallery_writes_every_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One picture, two sizes, four formats, and the index; it is announced before there is any of it."""
    monkeypatch.setattr("lab.draw.gallery.GALLERY", GALLERY[3:4])
    told = []
    paths = draw_gallery(tmp_path, lambda *said: told.append((*said, list(tmp_path.iterdir()))))
    assert told == [(GALLERY[3].name, 1, 1, [])]
    assert len(paths) == 9
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in paths)


@pytest.mark.parametrize(
    ("name", "policy", "families"),
    [
        ("race", "access", {"outcomes", "lanes", "code", "strips", "grid"}),
        ("from_one", "access", {"outcomes", "lanes", "code", "strips", "ladder", "grid"}),
        ("three", "statement", {"statement-outcomes", "statement-lanes", "statement-strips", "statement-levels"}),
        ("spin", "access", {"outcomes", "lanes", "code", "levels"}),
    ],
)
def test_only_what_fits_a_scenario_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, policy: str, families: set[str]
) -> None:
    """Two threads have a grid, a record a ladder, three threads levels, a cycle no strips."""
    monkeypatch.setattr("lab.draw.fitting.save", lambda _drawing, directory, name: [directory / name])
    paths = draw_fitting(relation(name, policy).program, result(name, policy), tmp_path)
    assert {path.stem.removeprefix(f"sample-{name}-") for path in paths} == families


def test_what_fits_is_written_in_every_format(tmp_path: Path) -> None:
    """Outcomes, lanes, code and levels of the spin lock."""
    paths = draw_fitting(relation("spin").program, result("spin"), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in paths)
    assert len(paths) == 4 * 4


def _families(name: str, folder: Path) -> set[str]:
    program = lab.load(name)
    return {path.stem.rpartition("-")[2] for path in draw_fitting(program, lab.explore(program), folder)}


SAMPLE = ("refcount/race", "refcount/from_two", "wrong_lock/two_locks", "polite/after_you", "cigarette_smokers/naive")


@pytest.mark.parametrize("name", SAMPLE)
def test_the_figure_that_suits_a_scenario_can_be_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """One of each family; the slow test draws those of all scenarios."""
    monkeypatch.setattr("lab.draw.fitting.save", lambda _drawing, directory, name: [directory / name])
    assert catalogue.figure_of(name) in _families(name, tmp_path)


@pytest.mark.slow
def test_the_figure_that_suits_any_scenario_can_be_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.draw.fitting.save", lambda _drawing, directory, name: [directory / name])
    assert [name for name in catalogue.names() if catalogue.figure_of(name) not in _families(name, tmp_path)] == []


def test_a_scenario_that_stops_before_its_first_step_has_no_strips(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each thread of `rendezvous/wait_first` waits at once."""
    monkeypatch.setattr("lab.draw.fitting.save", lambda _drawing, directory, name: [directory / name])
    assert _families("rendezvous/wait_first", tmp_path) == {"outcomes", "code", "grid"}


def test_a_count_that_never_changes_has_no_ladder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Biased counting counts in fields of its own, and leaves the record's naive count at 1."""
    monkeypatch.setattr("lab.draw.fitting.save", lambda _drawing, directory, name: [directory / name])
    assert "ladder" not in _families("biased_refcount/owner_exited", tmp_path)


@pytest.mark.parametrize(
    ("name", "family", "title"),
    [
        ("list_operations/pop_if_any", "strips", "Four of six orders raise IndexError"),
        ("polite/after_you", "levels", "16 states, and none of them is an end"),
        (
            "priority_inversion/no_inheritance",
            "lanes",
            "After five steps 'the high one never waits for the middle one' does not hold",
        ),
        ("check_await_act/race", "lanes", "After four steps 'never overdrawn' does not hold"),
        (
            "priority_inversion/no_inheritance",
            "outcomes",
            "Four of 32 orders go wrong on the way to a right end, with probability 1/6",
        ),
        ("property/getter", "lanes", "An update is lost: payer[0] overwrites what payer[1] wrote"),
    ],
)
def test_a_title_says_what_goes_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, family: str, title: str
) -> None:
    """Priority inversion: low takes the lock, high wakes up, high waits, middle wakes up, middle runs: 5 steps.

    The withdrawal: both read, both change the balance: 4 steps.
    """
    titles = {}

    def note(drawing: Drawing, directory: Path, name: str) -> list[Path]:
        titles[name.rpartition("-")[2]] = drawing.title
        return [directory / name]

    monkeypatch.setattr("lab.draw.fitting.save", note)
    _families(name, tmp_path)
    assert titles[family] == title


def test_an_object_is_no_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a step reads is left out when it is an object of the file's own class."""
    said = []
    monkeypatch.setattr("lab.draw.fitting.save", lambda drawing, *_: said.append(svg_text(drawing)) or [])
    _families("treiber_stack/reused", tmp_path)
    assert len(said) >= 2
    assert not any("Ref(" in text for text in said)
