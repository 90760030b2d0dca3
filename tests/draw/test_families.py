"""What each family plots: every mark stands for a piece of data, and the words say the same."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from math import hypot

import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from lab.draw import (
    Drawing,
    Run,
    interleaving_strips,
    outcome_bars,
    progress_grid,
    refcount_ladder,
    runs_of,
    state_levels,
    swim_lanes,
)
from lab.draw.runs import lost_updates, touches_freed
from lab.draw.style import SizeName, thread_colour
from lab.errors import UsageError
from lab.explorer.result import Rounded
from lab.model.trace import replay
from tests.draw.samples import SITUATIONS, drawing, graph, marks, relation, result, words


def patch(made: Drawing, gid: str) -> Patch:
    """Return the one patch with a name."""
    (found,) = [one for one in made.axes.patches if one.get_gid() == gid]
    return found


class TestStrips:
    """Six orders of T1's increment and T2's decrement."""

    def test_there_is_a_strip_per_order_and_a_mark_per_step(self) -> None:
        """Six strips of four steps."""
        made = drawing("strips", "page")
        assert len([gid for gid in marks(made, "strip-") if gid.count("-") == 1]) == 6
        for strip in range(1, 7):
            assert len([gid for gid in marks(made, f"strip-{strip}-step-") if not gid.endswith("-wrong")]) == 4

    def test_marks_have_the_colour_of_the_thread_that_moves(self) -> None:
        """The second strip is T1, T2, T1, T2."""
        made = drawing("strips", "page")
        colours = [patch(made, f"strip-2-step-{step}").get_facecolor() for step in range(1, 5)]
        assert colours[0] == colours[2] != colours[1] == colours[3]

    def test_the_step_that_loses_an_update_is_marked_in_the_four_faulty_strips(self) -> None:
        """Strips 2 to 5 go wrong, at their last step; 1 and 6 have a tick."""
        made = drawing("strips", "page")
        assert [gid for gid in marks(made, "strip-") if gid.endswith("-wrong")] == [
            f"strip-{strip}-step-4-wrong" for strip in (2, 3, 4, 5)
        ]
        dashed = [strip for strip in range(1, 7) if patch(made, f"strip-{strip}-outcome").get_linestyle() != "solid"]
        assert dashed == [2, 3, 4, 5]

    def test_title_and_words_come_from_the_data(self) -> None:
        """Four of six lose an update; all seven of a right program are right."""
        made = drawing("strips", "column")
        assert made.title == "Four of six orders lose an update"
        assert (
            "2: T1 reads refcount: 2, T2 reads refcount: 2, T1 writes refcount = 3, T2 writes refcount = 1" in made.alt
        )
        assert interleaving_strips(runs_of(relation("locked"))).title == "Both orders are right"
        assert drawing("strips of a deadlock", "column").title == "Two of six orders end in a deadlock"
        assert (
            interleaving_strips(runs_of(relation("race"))[1:2], total=6).title == "The one order shown loses an update"
        )

    def test_the_table_has_a_row_per_step(self) -> None:
        """Six orders of four steps under one heading; the last row of a faulty order says why."""
        table = drawing("strips", "column").table
        assert len(table) == 1 + 24
        assert table[8] == ("2", "4", "T2", "writes", "refcount", "1", "1", "every_update_counted")

    def test_values_are_those_after_the_step(self) -> None:
        """The first strip shows 2 3 3 2 at the right."""
        assert [row[6] for row in drawing("strips", "column").table[1:5]] == ["2", "3", "3", "2"]

    def test_what_does_not_fit_is_left_out_and_said(self) -> None:
        """90 orders of three threads do not fit a slide."""
        made = interleaving_strips(runs_of(relation("three")), size="slide")
        assert "all 90 schedules" in made.note
        assert "the first" in made.note
        assert made.title.startswith("84 of 90 orders")

    def test_no_runs_are_refused(self) -> None:
        """Nothing to draw is an error, not an empty sheet."""
        with pytest.raises(UsageError, match="no runs"):
            interleaving_strips([])


class TestLadder:
    """The two situations of the lecture."""

    def test_the_count_stands_after_every_step(self) -> None:
        """1 1 2 2 1, then 1 1 0 0 1 1, then 1 1 0 0 0."""
        made = drawing("ladder", "column")
        assert [int(row[4]) for row in made.table[1:]] == [1, 1, 2, 2, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 0]
        assert [len(marks(made, f"ladder-{number}-count-")) for number in (1, 2, 3)] == [5, 6, 5]

    def test_a_freed_object_is_a_broken_square_and_a_living_one_a_disc(self) -> None:
        """Ladder 2 frees in its last step, ladder 3 one step before its end."""
        made = drawing("ladder", "page")
        squares = [
            one.get_gid() for one in made.axes.patches if isinstance(one, Rectangle) and "count" in str(one.get_gid())
        ]
        assert squares == ["ladder-2-count-5", "ladder-3-count-3", "ladder-3-count-4"]

    def test_fates_are_told(self) -> None:
        """Lives; a zombie; used after it is freed."""
        made = drawing("ladder", "column")
        assert [row[-1] for row in made.table if row[-1]][1:] == [
            "lives with the count at 1",
            "freed with the count at 1: a zombie",
            "T1 touches freed memory",
        ]
        assert marks(made, "ladder-3-step-4-wrong")
        assert "zombie" in made.alt

    def test_the_note_says_how_many_of_all_schedules_are_shown(self) -> None:
        """Three of ten, or all of them, or just exact."""
        runs = runs_of(relation("from_one"), SITUATIONS)
        assert "exact, 3 of the 10 schedules" in refcount_ladder(runs, total=10).note
        assert "exact, all 3 schedules" in refcount_ladder(runs, total=3).note
        assert "exact ·" in refcount_ladder(runs).note

    def test_what_is_no_count_is_refused(self) -> None:
        """Three threads, no counter, an unknown name, nothing at all."""
        runs = runs_of(relation("race"))[:1]
        with pytest.raises(UsageError, match="is no reference count: choose refcount"):
            refcount_ladder(runs, name="other")
        with pytest.raises(UsageError, match="no single reference count"):
            refcount_ladder(runs_of(relation("inversion"))[:1])
        with pytest.raises(UsageError, match="two threads"):
            refcount_ladder(runs_of(relation("three"))[:1])
        with pytest.raises(UsageError, match="no runs"):
            refcount_ladder([])


class TestBars:
    """Faulty against repaired."""

    def test_the_length_of_a_bar_is_its_value_on_one_scale(self) -> None:
        """1/3, 1/3, 1/3 and 1 of the interleavings; 1/4, 1/4, 1/2 and 1 of the probability."""
        made = drawing("bars", "page")
        widths = {
            gid: made.axes.transData.inverted().transform_bbox(patch(made, gid).get_window_extent()).width
            for gid in marks(made, "outcome-")
            if gid.endswith(("share", "probability"))
        }
        whole = widths["outcome-2-1-share"]
        assert widths["outcome-2-1-probability"] == pytest.approx(whole)
        for place, share, chance in ((1, 1 / 3, 1 / 4), (2, 1 / 3, 1 / 4), (3, 1 / 3, 1 / 2)):
            assert widths[f"outcome-1-{place}-share"] == pytest.approx(whole * share)
            assert widths[f"outcome-1-{place}-probability"] == pytest.approx(whole * chance)

    def test_wrong_outcomes_are_hatched_and_broken(self) -> None:
        """Colour is not alone."""
        made = drawing("bars", "column")
        assert [bool(patch(made, f"outcome-1-{place}-share").get_hatch()) for place in (1, 2, 3)] == [True, True, False]

    def test_the_title_says_share_and_probability(self) -> None:
        """Four of six, and one half."""
        assert (
            drawing("bars", "slide").title == "Four of six orders go wrong, with probability 1/2; once repaired, none"
        )
        assert outcome_bars(result("locked")).title == "Both orders are right"
        assert outcome_bars(result("locked"), result("race")).title == "Both orders are right; in the other, 2/3"
        assert outcome_bars(result("locked"), result("locked")).title == "Both orders are right in both"

    def test_the_table_is_exact(self) -> None:
        """Fractions, not decimals."""
        assert drawing("bars", "column").table[1:] == (
            ("sample/race", "access", "refcount = 3", "2", "1/3", "1/4", "yes"),
            ("sample/race", "access", "refcount = 1", "2", "1/3", "1/4", "yes"),
            ("sample/race", "access", "refcount = 2", "2", "1/3", "1/2", "no"),
            ("sample/locked", "access", "refcount = 2", "2", "1", "1", "no"),
        )

    def test_many_outcomes_are_summed_without_loss(self) -> None:
        """Twelve outcomes: seven rows and their rest, and all shares together are 1."""
        one = result("race")
        twelfth = replace(one.outcomes[0], schedules=1, share=Fraction(1, 12), probability=Fraction(1, 12))
        many = tuple(replace(twelfth, shared={"x": number}, faulty=number > 5) for number in range(12))
        table = outcome_bars(replace(one, outcomes=many, schedules=12)).table
        assert sum(Fraction(row[4]) for row in table[1:]) == 1
        assert sum(int(row[3]) for row in table[1:]) == 12
        assert any("more" in row[2] for row in table)

    def test_an_incomplete_result_is_refused(self) -> None:
        """Unknown shares are not drawn."""
        with pytest.raises(UsageError, match="no known probabilities"):
            outcome_bars(replace(result("race"), complete=False))

    def test_infinitely_many_schedules_have_probabilities_and_no_shares(self) -> None:
        """A busy wait ends with certainty; a wrong outcome of two is told by its probability, rounded ones as such."""
        some = result("spin")
        only = outcome_bars(some)
        assert only.title == "No outcome is wrong"
        assert "infinitely many schedules" in only.note
        assert only.table[1][3:6] == ("∞", "", "1")
        end = some.outcomes[0]
        half = replace(end, probability=None, probability_rounded=Rounded(0.25, 1e-9), faulty=True)
        rest = replace(end, probability=Fraction(3, 4), shared={"x": 7})
        both = outcome_bars(replace(some, outcomes=(half, rest)), some)
        assert both.title == "It ends wrong with probability ≈ 0.2500; once repaired, never"
        assert "≈, infinitely" in both.note
        many = [replace(rest, shared={"x": number}, probability=Fraction(1, 12)) for number in range(12)]
        assert outcome_bars(replace(some, outcomes=tuple(many))).table[-1][3] == "∞"

    def test_every_order_wrong_has_its_own_title(self) -> None:
        """A program that always goes wrong."""
        one = result("locked")
        bad = replace(one, outcomes=tuple(replace(outcome, faulty=True) for outcome in one.outcomes))
        assert outcome_bars(bad).title == "Every order goes wrong"


class TestLanes:
    """One schedule."""

    def test_there_is_a_box_per_step_and_a_join_per_pair(self) -> None:
        """T1 T2 T1 T2: every read races with the other's write, and the writes with each other."""
        made = drawing("lanes", "page")
        trace = replay(relation("race"), ["T1", "T2", "T1", "T2"])
        assert [gid for gid in marks(made, "step-") if not gid.endswith("-wrong")] == [
            f"step-{n}" for n in (1, 2, 3, 4)
        ]
        assert sorted(marks(made, "race-")) == sorted(f"race-{a + 1}-{b + 1}" for a, b in trace.races)
        assert marks(made, "order-") == []
        assert marks(made, "value-refcount-") == ["value-refcount-3", "value-refcount-4"]

    def test_the_lock_gives_the_one_arrow(self) -> None:
        """From T1's release to T2's acquire."""
        made = drawing("lanes under a lock", "page")
        assert marks(made, "order-") == ["order-4-5"]
        assert marks(made, "race-") == []
        assert made.title == "The lock orders every conflicting pair of accesses"
        assert "Step 4 happens before step 5" in made.alt

    def test_time_runs_from_left_to_right(self) -> None:
        """Each box begins right of the one before."""
        made = drawing("lanes", "column")
        starts = [patch(made, f"step-{n}").get_window_extent().x0 for n in (1, 2, 3, 4)]
        assert starts == sorted(starts)

    def test_a_deadlock_says_who_waits_for_whom(self) -> None:
        """Two waits, two crosses."""
        made = drawing("lanes of a deadlock", "column")
        assert marks(made, "waits-") == ["waits-1", "waits-1-wrong", "waits-2", "waits-2-wrong"]
        assert made.title == "Nobody can move: T1 waits for fork and T2 waits for knife"
        assert "held by T2" in made.alt

    def test_an_error_is_crossed(self) -> None:
        """T1 reads after the object is freed."""
        made = drawing("lanes after free", "page")
        assert "step-4-wrong" in marks(made, "step-")
        assert "UseAfterFree" in words(made)

    def test_a_lost_update_is_only_marked_where_it_is_a_fault(self) -> None:
        """`wrong=False` for a program that is right all the same."""
        trace = replay(relation("race"), ["T1", "T2", "T1", "T2"])
        made = swim_lanes(trace, wrong=False)
        assert not [gid for gid in marks(made, "step-") if gid.endswith("-wrong")]
        assert made.title == "Nothing orders T2 and T1: three pairs of accesses race"

    def test_joins_between_systems_are_lettered_pairs(self) -> None:
        """Each race across the break is drawn as two stubs that carry the same letter."""
        made = drawing("lanes in systems", "column")
        ends = [gid for gid in marks(made, "race-") if gid.endswith(("-from", "-to"))]
        assert ends
        assert len(ends) % 2 == 0
        letters = [word for word in words(made) if len(word) == 1 and word.islower() and word != "x"]
        assert sorted(letters) == sorted(2 * list(dict.fromkeys(letters)))

    def test_steps_of_many_kinds_are_said_in_words(self) -> None:
        """Regions, atomics, wait_until, and a block that is one step."""
        alt = drawing("lanes of many kinds", "page").alt
        for said in (
            "one writes flag[0] = True",
            "one leaves",
            "one adds to turn",
            "two waits for flag[0]",
            "two swaps turn",
        ):
            assert said in alt

    def test_a_long_trace_is_broken_into_systems(self) -> None:
        """Eight wide steps need two systems in a column; the arrow between them is lettered."""
        made = swim_lanes(replay(relation("locked"), ["T1"] * 4 + ["T2"] * 4), size="column")
        assert len(marks(made, "lane-")) == 4

    def test_an_empty_trace_is_refused(self) -> None:
        """No step, no figure."""
        with pytest.raises(UsageError, match="no step"):
            swim_lanes(replay(relation("race"), []))


class TestGrid:
    """Two threads' progress."""

    def test_every_state_and_every_transition_is_drawn_once(self) -> None:
        """13 states, 14 transitions."""
        made = drawing("grid", "page")
        states = [gid for gid in marks(made, "state-") if not gid.endswith(("-wrong", "-right"))]
        assert len(states) == len(graph("race").states) == 13
        assert len(marks(made, "edge-")) == len(graph("race").edges) == 14

    def test_regions_are_those_of_the_data(self) -> None:
        """No run gets where both hold a lock; the deadlock has no way back."""
        made = drawing("grid of a deadlock", "page")
        assert marks(made, "unreachable-") == [
            f"unreachable-{i}-{j}" for i, j in ((1, 2), (2, 1), (2, 2), (2, 3), (3, 2), (3, 3))
        ]
        assert marks(made, "hopeless-") == ["hopeless-1-1"]
        assert "Deadlock after (1, 1)" in made.alt

    def test_the_bad_path_is_the_shortest(self) -> None:
        """T1, T2: two heavy pieces."""
        assert len(marks(drawing("grid of a deadlock", "page"), "path-")) == 2
        assert marks(drawing("grid under a lock", "page"), "path-") == []
        chosen = progress_grid(graph("race"), path=("T2", "T1", "T2", "T1"))
        assert len(marks(chosen, "path-")) == 4

    @pytest.mark.parametrize("size", ["column", "slide"])
    def test_runs_that_end_well_pass_round_the_ends_that_are_wrong(self, size: SizeName) -> None:
        """At (2, 2) there are three ends: the right one stands right of and above both wrong ones, none on another."""
        made = drawing("grid", size)
        named = [gid for gid in marks(made, "state-") if "at2.2" in gid]
        (right,) = [gid.removesuffix("-right") for gid in named if gid.endswith("-right")]
        wrong = [gid.removesuffix("-wrong") for gid in named if gid.endswith("-wrong")]
        discs = {gid: patch(made, gid) for gid in (right, *wrong)}
        centres = {gid: disc.get_center() for gid, disc in discs.items()}
        assert len(wrong) == 2
        for gid in wrong:
            assert centres[right][0] > centres[gid][0]
            assert centres[right][1] < centres[gid][1]
        for one, other in combinations(discs, 2):
            (x, y), (u, v) = centres[one], centres[other]
            assert hypot(x - u, y - v) > discs[one].radius + discs[other].radius

    def test_a_step_goes_along_its_axis(self) -> None:
        """Every edge begins to the right or upwards."""
        made = drawing("grid", "page")
        lines = [line for line in made.axes.lines if str(line.get_gid()).startswith("edge-")]
        assert len(lines) == 14
        for line in lines:
            (x, u, *_), (y, v, *_) = line.get_xdata(), line.get_ydata()
            assert x == pytest.approx(u) or y == pytest.approx(v)

    def test_titles_count_orders_and_name_the_turn(self) -> None:
        """Once both have read, it is too late."""
        assert drawing("grid", "page").title == (
            "Four of six orders go wrong; once T1 reads and T2 reads, there is no way back"
        )
        assert drawing("grid of a deadlock", "page").title == "Two of six orders end in a deadlock"
        assert drawing("grid under a lock", "page").title == "Both orders end well"

    def test_blocked_threads_have_a_bar(self) -> None:
        """Two bars at the deadlock, and one wherever a lock is held by the other."""
        waiting = sum(len(some) for some in graph("inversion").waiting.values())
        assert len(marks(drawing("grid of a deadlock", "page"), "blocked-")) == waiting

    def test_other_graphs_are_refused(self) -> None:
        """Three threads; a cycle."""
        with pytest.raises(UsageError, match="two axes"):
            progress_grid(graph("three"))
        with pytest.raises(UsageError, match="cycle"):
            progress_grid(graph("spin"))
        with pytest.raises(UsageError, match="up to 18 steps; a progress grid has room for 16"):
            progress_grid(graph("long"))

    def test_a_property_of_a_region_is_a_fault_of_the_state(self) -> None:
        """Two guests in one room: every order breaks `alone`, at the start already."""
        assert graph("crowd").faults[0] == ("alone",)
        assert "goes wrong" in " ".join(words(progress_grid(graph("crowd"))))
        assert progress_grid(graph("crowd")).title == "All six orders go wrong"
        assert interleaving_strips(runs_of(relation("crowd"))).title == "All six orders break 'alone'"

    def test_long_names_are_turned(self) -> None:
        """What is wider than a cell stands upright along the lower axis."""
        made = drawing("grid with long names", "column")
        assert any(text.get_rotation() == 90 for text in made.axes.texts)


class TestLevels:
    """The graph by steps."""

    def test_states_stand_on_their_level(self) -> None:
        """1, 2, 3, 4 and 3 states."""
        made = drawing("levels", "page")
        heights: dict[float, int] = {}
        for gid in marks(made, "state-"):
            if not gid.endswith(("-wrong", "-right")):
                box = patch(made, gid).get_window_extent()
                middle = round((box.y0 + box.y1) / 2, 3)
                heights[middle] = heights.get(middle, 0) + 1
        assert [heights[key] for key in sorted(heights, reverse=True)] == [1, 2, 3, 4, 3]
        assert made.title == "13 states: two of the three ends are wrong"

    def test_edges_have_their_threads_colour(self) -> None:
        """T1 blue, T2 vermilion, and another kind of line."""
        made = drawing("levels", "page")
        lines = {str(line.get_gid()): line for line in made.axes.lines if str(line.get_gid()).startswith("edge-")}
        assert len(lines) == len(graph("race").edges)
        assert {lines[gid].get_color() for gid in lines if "-1-" in gid[5:]} >= {thread_colour(0)}
        assert len({str(line.get_linestyle()) for line in lines.values()}) == 2

    def test_every_transition_of_a_cycle_is_drawn_loops_and_ways_back_too(self) -> None:
        """A busy wait steps back to where it stands; a game goes back to earlier levels."""
        for name, sample in (("levels of a cycle", "spin"), ("levels of a game", "pingpong")):
            assert len(marks(drawing(name, "page"), "edge-")) == len(graph(sample).edges)

    def test_titles_for_right_and_deadlocked_programs(self) -> None:
        """None wrong; one deadlock of two ends."""
        assert state_levels(graph("locked")).title == "16 states, and none of them is wrong"
        assert drawing("levels of a deadlock", "page").title == "19 states: one of the two ends is a deadlock"
        assert "infinitely many schedules" in drawing("levels of a cycle", "page").note


def test_lost_updates_need_a_read_before_and_a_write_after() -> None:
    """Serial schedules lose none; T1 T2 T2 T1 loses T2's write to T1's."""
    assert lost_updates(replay(relation("race"), ["T1", "T1", "T2", "T2"])) == ()
    assert lost_updates(replay(relation("race"), ["T1", "T2", "T2", "T1"])) == ((2, 3),)
    assert lost_updates(replay(relation("locked"), ["T1"] * 4 + ["T2"] * 4)) == ()


def test_a_touch_after_free_is_the_step_that_fails() -> None:
    """The fourth step of situation 2, second branch."""
    assert touches_freed(replay(relation("from_one"), SITUATIONS[2])) == (3,)


def test_a_drawing_may_go_into_the_callers_axes() -> None:
    """The axes keep their place; too small ones are refused with a sentence."""
    figure = Figure(figsize=(5, 4), dpi=72)
    ax = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    made = interleaving_strips(runs_of(relation("race")), ax=ax)
    assert made.axes is ax
    assert made.figure is figure
    small = Figure(figsize=(3, 1), dpi=72).add_axes((0.0, 0.0, 1.0, 1.0))
    with pytest.raises(UsageError, match="draw less of it"):
        swim_lanes(replay(relation("race"), ["T1", "T2"]), ax=small)


def test_a_run_without_faults_is_right() -> None:
    """The default of `Run`."""
    assert Run(replay(relation("race"), ["T1"])).faults == ()
