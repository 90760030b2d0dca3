"""Colours, type, words."""

from __future__ import annotations

import subprocess
import sys

import matplotlib as mpl
import pytest

from lab.draw.style import (
    PAPER,
    SIZES,
    THREADS,
    balanced,
    contrast,
    ink_on,
    settings,
    size_named,
    stroke_colour,
    thread_colour,
    width_of,
    wrap,
)
from lab.draw.words import cells, fraction, listing, outcome_lines, short_names, value_text
from lab.errors import UsageError
from tests.draw.samples import result


@pytest.mark.parametrize("number", range(8))
def test_text_on_a_threads_mark_and_its_lines_stand_out(number: int) -> None:
    """4.5:1 for text on the mark, 3:1 for a line on paper."""
    assert contrast(ink_on(thread_colour(number)), thread_colour(number)) >= 4.5
    assert contrast(stroke_colour(number), PAPER) >= 3


def test_threads_have_okabe_and_itos_colours_in_order() -> None:
    """Blue, vermilion, green, purple, orange, sky; the seventh begins again."""
    assert THREADS[:2] == ("#0072B2", "#D55E00")
    assert thread_colour(6) == thread_colour(0)


def test_sizes_are_those_of_print_and_lecture() -> None:
    """89 mm, 183 mm, 16:9; nothing below 8 pt."""
    assert SIZES["column"].width == pytest.approx(89 / 25.4 * 72)
    assert SIZES["page"].width == pytest.approx(183 / 25.4 * 72)
    slide = SIZES["slide"]
    assert slide.height is not None
    assert slide.width / slide.height == pytest.approx(16 / 9)
    assert all(size.small >= 8 for size in SIZES.values())
    with pytest.raises(UsageError, match="choose one of column, page, slide"):
        size_named("poster")


def test_the_users_settings_come_back() -> None:
    """Inside the block the lab's, outside the user's."""
    with mpl.rc_context({"svg.fonttype": "path", "font.size": 33}):
        with settings():
            assert mpl.rcParams["svg.fonttype"] == "none"
            assert mpl.rcParams["font.size"] == 10
        assert mpl.rcParams["svg.fonttype"] == "path"
        assert mpl.rcParams["font.size"] == 33


def test_lines_break_at_spaces_and_balance() -> None:
    """No line wider than the room; a balanced break leaves no lone word."""
    text = "Four of six orders go wrong, with probability one half"
    for lines in (wrap(text, 150, 10), balanced(text, 150, 10)):
        assert " ".join(lines) == text
        assert all(width_of(line, 10) <= 150 for line in lines)
    widths = [width_of(line, 10) for line in balanced(text, 200, 10)]
    assert max(widths) - min(widths) < 100


def test_importing_the_lab_imports_no_matplotlib_and_drawing_no_pyplot() -> None:
    """matplotlib comes with lab.draw, and pyplot with nothing."""
    code = (
        "import sys, lab\n"
        "assert 'matplotlib' not in sys.modules\n"
        "import lab.draw\n"
        "assert 'matplotlib' in sys.modules and 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_values_read_as_python() -> None:
    """Records by their count, containers in brackets, long ones with an ellipsis."""
    assert value_text({"refs": 0, "freed": True}) == "0 freed"
    assert value_text({"refs": 2, "freed": False, "data": 4}) == "2 {data=4}"
    assert value_text([1, None, "a"]) == "[1, None, 'a']"
    assert value_text(list(range(20)), 8) == "[0, 1, …"
    assert fraction(None) == "?"
    assert listing(["a", "b", "c"], "or") == "a, b or c"


def test_cells_are_taken_apart_alike_in_every_state() -> None:
    """A list that grows stays whole; an object gives its fields, a record its count and its fields."""
    assert cells([{"q": [1]}, {"q": [1, 2]}]) == [{"q": [1]}, {"q": [1, 2]}]
    assert cells([{"d": {"k": 1}, "o": {"class": "A", "fields": {"x": 2}}}]) == [{"d['k']": 1, "o.x": 2}]
    assert cells([{"r": {"refs": 1, "freed": False, "data": 5}}]) == [{"r": {"refs": 1, "freed": False}, "r.data": 5}]


def test_short_names_are_unique() -> None:
    """Letters and numbers where they tell threads apart, else t1, t2."""
    assert short_names(["reader[0]", "reader[1]"]) == ("r0", "r1")
    assert short_names(["alpha", "amber"]) == ("t1", "t2")


def test_an_outcome_says_what_varies() -> None:
    """A deadlock names who waits."""
    deadlock = next(one for one in result("inversion").outcomes if one.status == "deadlock")
    nothing: dict[str, frozenset[str]] = {"shared": frozenset(), "returned": frozenset()}
    assert outcome_lines(deadlock, nothing) == ["deadlock", "T1 waits for fork", "T2 waits for knife"]
