"""The gallery in figures/ is what the code draws."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.draw import draw_fitting, draw_gallery
from lab.draw.drawing import svg_text
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
    """One picture, two sizes, four formats, and the index."""
    monkeypatch.setattr("lab.draw.gallery.GALLERY", GALLERY[3:4])
    paths = draw_gallery(tmp_path)
    assert len(paths) == 9
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in paths)


@pytest.mark.parametrize(
    ("name", "policy", "families"),
    [
        ("race", "access", {"outcomes", "lanes", "strips", "grid"}),
        ("from_one", "access", {"outcomes", "lanes", "strips", "ladder", "grid"}),
        ("three", "statement", {"statement-outcomes", "statement-lanes", "statement-strips", "statement-levels"}),
        ("spin", "access", {"outcomes", "lanes", "levels"}),
    ],
)
def test_only_what_fits_a_scenario_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, policy: str, families: set[str]
) -> None:
    """Two threads have a grid, a record a ladder, three threads levels, a cycle no strips."""
    monkeypatch.setattr("lab.draw.gallery.save", lambda _drawing, directory, name: [directory / name])
    paths = draw_fitting(relation(name, policy).program, result(name, policy), tmp_path)
    assert {path.stem.removeprefix(f"sample-{name}-") for path in paths} == families


def test_what_fits_is_written_in_every_format(tmp_path: Path) -> None:
    """Outcomes, lanes and levels of the spin lock."""
    paths = draw_fitting(relation("spin").program, result("spin"), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in paths)
    assert len(paths) == 4 * 3
