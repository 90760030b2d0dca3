"""A table as plain text."""

from __future__ import annotations

from lab.report.table import Cell, Column, Table, plain


def test_an_entry_with_nothing_to_its_right_does_not_widen_its_column() -> None:
    """A long line of source without steps leaves the steps of the others where they are."""
    columns = (Column("source"), Column("steps"))
    rows = ((Cell("# " + 70 * "x"), Cell("")), (Cell("x = 1"), Cell("write x")))
    assert plain(Table("", columns, rows)).splitlines()[-1] == "  x = 1   write x"


def test_a_table_without_rows_has_its_heading() -> None:
    """The widths are those of the titles."""
    assert plain(Table("Nothing", (Column("a"), Column("bb")), ())) == "Nothing\n  a  bb\n  -  --"


def test_control_characters_cannot_leave_their_cell() -> None:
    """A line break or an escape sequence in a value is shown, not obeyed."""
    text = plain(Table("", (Column("value"),), ((Cell("a\nb\x1b[2J\x9b"),),)))
    assert text.splitlines()[-1] == "  a\\nb\\x1b[2J\\x9b"


def test_a_long_entry_is_wrapped_where_its_column_says_so() -> None:
    """Words stay whole, and the row's other entries stand on its first line."""
    columns = (Column("witness", wrap=8), Column("n", number=True))
    table = Table("", columns, ((Cell("T1 T2 T1 T2"), Cell("3")),))
    assert plain(table).splitlines()[2:] == ["  T1 T2 T1  3", "  T2"]
