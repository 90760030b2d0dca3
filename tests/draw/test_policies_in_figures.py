"""Where policies may switch in code, under which of them a scenario goes wrong, and how orders grow."""

from __future__ import annotations

from dataclasses import replace
from math import comb

import pytest

import lab
from lab.draw import Drawing, growth_plot, switch_points_in_code, wrong_by_policy
from lab.draw.wrong import wrong_of
from lab.errors import UsageError
from lab.language import parse
from tests.draw.samples import HEAD, drawing, every_policy, marks, result, rounds, words


def column(made: Drawing, name: str) -> list[str]:
    """Return one column of a drawing's table."""
    place = made.table[0].index(name)
    return [row[place] for row in made.table[1:]]


class TestCode:
    """`refcount += 1` and `refcount -= 1`: a read and a write each."""

    def test_only_what_parts_an_update_is_marked_inside_its_window(self) -> None:
        """Four steps; 3.9 and no GIL switch before each, 3.10 before the reads alone; the writes are inside."""
        made = drawing("code", "page")
        assert column(made, "step") == ["read refcount", "write refcount"] * 2
        assert column(made, "inside a window") == ["no", "yes"] * 2
        assert column(made, "cpython-3.9") == column(made, "free-threaded") == ["yes"] * 4
        assert column(made, "cpython-3.10") == column(made, "cpython-3.14") == ["yes", "no"] * 2
        assert len(marks(made, "window-")) == 2
        assert len(marks(made, "switch-1-")) == 4
        assert len(marks(made, "switch-2-")) == 2

    def test_the_title_says_which_versions_can_switch_there(self) -> None:
        """`+=` on a plain variable is whole from 3.10 on; a call in the window polls on every version."""
        assert drawing("code", "page").title == (
            "Python 2.7, 3.9 and free-threaded Python can switch inside the window of refcount; 3.10–3.14 cannot"
        )
        assert drawing("code of a call", "page").title == "Every Python can switch inside the window of x"

    def test_what_does_not_run_is_left_out(self) -> None:
        """Of `def`, `global` and the update, the margin numbers two lines; decorators and properties are none."""
        said = words(drawing("code", "page"))
        assert [text for text in said if "refcount" in text and "=" in text] == [
            "    refcount += 1",
            "    refcount -= 1",
        ]
        assert not any("global" in text or "@" in text for text in said)

    def test_steps_without_a_window_are_counted(self) -> None:
        """A write alone opens no window: every policy may switch in front of it, the coarsest shown too."""
        program = parse(HEAD + "x = 0\n@thread\ndef T():\n    global x\n    x = 1\n", name="sample/write")
        made = switch_points_in_code(program)
        assert made.title == "Every policy can switch in front of every step, one in all"
        assert marks(made, "window-") == []

    def test_tasks_switch_where_they_await(self) -> None:
        """The withdrawal's steps begin at the task's begin and behind its await."""
        made = switch_points_in_code(lab.load("check_await_act/race"))
        assert made.title == "Tasks switch nowhere but where they begin and where they await"
        assert column(made, "step") == ["begin", "asyncio.sleep() goes on"]

    def test_steps_that_only_some_policies_part_are_counted(self) -> None:
        """Five steps: from 3.10 on nothing between the reads and the write of T polls, nor between the writes of U."""
        text = HEAD + "x = 0\ny = 0\nz = 0\n@thread\ndef T():\n    global z\n    z = x + y\n"
        text += "@thread\ndef U():\n    global x, y\n    x = 1\n    y = 1\n"
        made = switch_points_in_code(parse(text, name="sample/reads"))
        assert made.title == "Python 3.10–3.14 can switch in front of two of five steps"

    def test_what_is_no_figure_is_refused(self) -> None:
        """A long source, a wide one, and one without steps."""
        many = HEAD + "x = 0\n@thread\ndef T():\n    global x\n" + "    x = 1\n" * 30
        with pytest.raises(UsageError, match="more than 40 are no figure"):
            switch_points_in_code(parse(many, name="sample/many"))
        wide = HEAD + f"{'x' * 60} = 0\n@thread\ndef T():\n    global {'x' * 60}\n    {'x' * 60} = 1\n"
        with pytest.raises(UsageError, match="too long for a figure of this size"):
            switch_points_in_code(parse(wide, name="sample/wide"), size="column")
        with pytest.raises(UsageError, match="has no step to draw"):
            switch_points_in_code(parse(HEAD + "@thread\ndef T():\n    pass\n", name="sample/nothing"))


class TestPolicies:
    """Two updates of one variable: 4 of 6 orders lose one where an update is two steps, none of 2 where it is one."""

    def test_neighbours_that_come_out_the_same_are_one_row(self) -> None:
        """2.7 and 3.9; 3.10 to 3.14; and no GIL: three rows for each of two scenarios."""
        made = drawing("policies", "page")
        assert [text for text in words(made) if text in ("2.7, 3.9", "3.10–3.14", "no GIL")] == [
            "2.7, 3.9",
            "3.10–3.14",
            "no GIL",
        ]
        assert [gid for gid in marks(made, "wrong-") if gid.endswith("-right")] == ["wrong-2-1-right"]
        assert len([gid for gid in marks(made, "wrong-") if gid.endswith("-wrong")]) == 5

    def test_the_table_has_every_policy(self) -> None:
        """Also those of the model alone."""
        made = drawing("policies of one", "page")
        wrong = dict(zip(column(made, "policy"), column(made, "wrong"), strict=True))
        assert {name for name, number in wrong.items() if number == "4"} == {
            "access", "cpython-2.7", "cpython-3.9", "free-threaded",
        }  # fmt: skip
        assert {number for number in wrong.values() if number != "4"} == {"0"}

    def test_the_title_says_where_it_goes_wrong(self) -> None:
        assert drawing("policies", "page").title == (
            "sample/race can go wrong on Python 2.7, 3.9 and free-threaded Python, but not on 3.10–3.14; "
            "call can on any"
        )

    def test_what_does_not_differ_is_no_figure(self) -> None:
        """One policy, policies that come out alike or all right, and scenarios under different policies."""
        right = [result("locked"), replace(result("locked", "statement"), schedules=6)]
        alike = [result("race"), result("race", "cpython-3.9"), result("race", "free-threaded")]
        for some in ([result("race")], alike, right):
            with pytest.raises(UsageError, match="but one policy, all come out the same, or none goes wrong"):
                wrong_by_policy(some)
        with pytest.raises(UsageError, match="under the same policies"):
            wrong_by_policy([result("race")], every_policy("race"))

    def test_policies_of_the_model_are_named_where_no_version_is(self) -> None:
        made = wrong_by_policy([result("race"), result("race", "statement")])
        assert made.title == "sample/race can go wrong on access, but not on statement"


class TestGrowth:
    """Two threads of n rounds, each a read and a write: (4n)! / ((2n)!)^2 orders."""

    def test_the_orders_are_counted(self) -> None:
        """6, 70, 924, 12870, 184756."""
        made = drawing("growth", "page")
        assert column(made, "schedules") == [str(comb(4 * number, 2 * number)) for number in range(1, 6)]
        assert made.title.startswith("With ROUNDS = 5 there are 184,756 orders; ")
        assert len(marks(made, "orders-")) == len(marks(made, "states-")) == 5

    def test_a_mark_is_as_high_as_its_number(self) -> None:
        """On the logarithmic scale 70 stands a 70/6 above 6, whatever the size; a line's points are its marks'."""
        (line,) = [one for one in drawing("growth", "page").axes.lines if one.get_gid() == "line-orders"]
        heights = line.get_ydata()
        assert heights[0] > heights[1] > heights[2]
        decade = (heights[0] - heights[4]) / (5.2666 - 0.7782)
        assert (heights[0] - heights[1]) / decade == pytest.approx(1.8451 - 0.7782, abs=1e-3)

    def test_one_value_and_an_unknown_parameter_are_no_growth(self) -> None:
        with pytest.raises(UsageError, match="at least two values of ROUNDS"):
            growth_plot(rounds(1), "ROUNDS")
        with pytest.raises(UsageError, match="no known number of schedules for a whole SIZE"):
            growth_plot(rounds(2), "SIZE")


def test_runs_that_go_wrong_only_on_the_way_are_counted() -> None:
    """Priority inversion: 4 of 32 runs let the middle one run while the high one waits, and all end well."""
    wrong = wrong_of(lab.explore(lab.load("priority_inversion/no_inheritance")))
    assert (wrong.schedules, wrong.share, wrong.on_the_way) == (4, pytest.approx(1 / 8), True)


def test_runs_that_end_wrong_are_added_up() -> None:
    """Two orders leave 1, two leave 3."""
    wrong = wrong_of(result("race"))
    assert (wrong.schedules, wrong.on_the_way, wrong.least) == (4, False, False)
