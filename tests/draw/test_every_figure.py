"""What holds for every figure at every size."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET

import pytest
from matplotlib.colors import to_hex, to_rgba
from matplotlib.patches import Patch

from lab.draw.drawing import pdf_bytes, svg_text
from lab.draw.style import PAPER, SIZES, SMALLEST, SizeName, contrast
from lab.errors import UsageError
from tests.draw.samples import DRAWINGS, TOO_LARGE, boxes, drawing, overlaps, texts
from tests.draw.samples import SIZES as NAMES

EVERY = [(name, size) for name in DRAWINGS for size in NAMES if (name, size) not in TOO_LARGE]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(("name", "size"), EVERY)
class TestEveryFigure:
    """Each sample, drawn for each size."""

    def test_no_text_is_under_eight_points_and_three_sizes_are_used(self, name: str, size: SizeName) -> None:
        """Type has three sizes, none below 8 pt."""
        points = {text.get_fontsize() for text in texts(drawing(name, size))}
        chosen = SIZES[size]
        assert min(points) >= SMALLEST
        assert points <= {chosen.title, chosen.body, chosen.small}

    def test_no_two_texts_overlap(self, name: str, size: SizeName) -> None:
        """The renderer's boxes are apart."""
        assert overlaps(drawing(name, size)) == []

    def test_every_text_is_inside_the_figure(self, name: str, size: SizeName) -> None:
        """Nothing is clipped at an edge."""
        made = drawing(name, size)
        root = made.axes.get_figure(root=True)
        assert root is not None
        width, height = root.get_size_inches() * 72
        outside = [
            text
            for text, box in boxes(made)
            if box.x0 < 0 or box.y0 < -0.5 or box.x1 > width + 0.5 or box.y1 > height + 0.5
        ]
        assert outside == []

    def test_every_text_stands_out_from_its_ground(self, name: str, size: SizeName) -> None:
        """Text has a contrast of at least 4.5 to what it stands on."""
        for text in texts(drawing(name, size)):
            ground = str(text.get_label()).removeprefix("_on ")
            assert contrast(to_hex(text.get_color()), ground) >= 4.5, text.get_text()

    def test_every_named_shape_stands_out_from_the_paper(self, name: str, size: SizeName) -> None:
        """A mark's outline or its fill has a contrast of at least 3 to paper."""
        made = drawing(name, size)
        for patch in made.axes.patches:
            if patch.get_gid() and not str(patch.get_gid()).startswith(("unreachable", "hopeless")):
                assert max(contrast(colour, PAPER) for colour in _colours(patch)) >= 3, patch.get_gid()
        for line in made.axes.lines:
            assert contrast(to_hex(line.get_color()), PAPER) >= 3, line.get_gid()

    def test_the_names_of_marks_are_unique(self, name: str, size: SizeName) -> None:
        """One mark, one name: SVG asks for unique ids."""
        named = [child.get_gid() for child in drawing(name, size).axes.get_children() if child.get_gid()]
        assert len(named) == len(set(named))

    def test_the_note_names_policy_and_method(self, name: str, size: SizeName) -> None:
        """Every figure says which policy made it, and that it is exact; or which model, and that it is simulated."""
        made = drawing(name, size)
        if name.startswith("timeline"):
            assert made.note.startswith("simulated, model ")
            return
        if name.startswith("picture"):
            assert made.note.startswith(
                ("simulated", "read off simulated runs", "asyncio's own loop", "a box is a piece")
            )
            return
        if name.startswith(("code", "policies")):
            assert "policy by policy · exact" in made.note
            return
        assert f"policy {'statement' if 'statements' in name else 'access'}" in made.note
        assert "exact" in made.note
        assert made.title[0].isupper() or made.title[0].isdigit()

    def test_the_table_is_rectangular_csv(self, name: str, size: SizeName) -> None:
        """The table reads back as it was, with a name for each column."""
        made = drawing(name, size)
        rows = list(csv.reader(io.StringIO(made.csv())))
        assert rows == [list(row) for row in made.table]
        assert {len(row) for row in rows} == {len(rows[0])}
        assert len(rows) > 1


@pytest.mark.parametrize(("name", "size"), sorted(TOO_LARGE))
def test_what_does_not_fit_a_slide_is_refused_with_a_sentence(name: str, size: SizeName) -> None:
    """Type is never shrunk and nothing is clipped."""
    with pytest.raises(UsageError, match="points of height and has 540: draw less of it"):
        drawing(name, size)


@pytest.mark.parametrize("name", DRAWINGS)
def test_the_svg_is_well_formed_with_title_description_and_real_text(name: str) -> None:
    """An SVG says what it shows, in words that can be searched and read aloud."""
    made = drawing(name, "column")
    root = ET.fromstring(svg_text(made))
    assert root.get("role") == "img"
    assert [element.text for element in root.findall(f"{SVG}title")] == [made.title]
    assert [element.text for element in root.findall(f"{SVG}desc")] == [made.alt]
    said = {"".join(element.itertext()).strip() for element in root.iter(f"{SVG}text")}
    assert {text.get_text().strip() for text in texts(made)} <= said
    assert "<dc:date>" not in svg_text(made)


@pytest.mark.parametrize("name", ["lanes", "grid of a deadlock", "picture of a loop"])
def test_the_same_data_give_the_same_bytes(name: str) -> None:
    """Drawing twice changes nothing."""
    one, other = (DRAWINGS[name]("column") for _ in range(2))
    assert svg_text(one) == svg_text(other)
    assert pdf_bytes(one) == pdf_bytes(other)


def test_a_pdf_embeds_its_fonts_as_truetype() -> None:
    """Type 42, so that text stays text."""
    assert b"/CIDFontType2" in pdf_bytes(drawing("bars", "column")) or b"/TrueType" in pdf_bytes(
        drawing("bars", "column")
    )


def _colours(patch: Patch) -> list[str]:
    """Return the colours that a patch really draws with."""
    edge, face = to_rgba(patch.get_edgecolor()), to_rgba(patch.get_facecolor())
    drawn = [to_hex(edge)] if patch.get_linewidth() and edge[3] else []
    return drawn + ([to_hex(face)] if face[3] else [])
