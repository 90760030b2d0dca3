"""A result as HTML."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

from lab.report.notebook import as_html
from tests.report.samples import DEADLOCK, RACE


class _Balanced(HTMLParser):
    """Collects text, and checks that every element that opens also closes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        self.seen.append(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def _read(html: str) -> _Balanced:
    parser = _Balanced()
    parser.feed(html)
    assert parser.open == []
    return parser


def test_the_html_has_the_tables_of_lab_run() -> None:
    """Four tables, each with a caption that names the policy; faults are words, not only colours."""
    page = _read(as_html(RACE))
    assert page.seen.count("table") == page.seen.count("caption") == 4
    assert "Outcomes (policy access; exact, all 6 schedules)" in page.text
    assert "fault" in page.text
    assert "T1 T2 T2 T1" in page.text


def test_text_from_files_is_escaped() -> None:
    """A title is text, whatever it looks like."""
    html = as_html(replace(DEADLOCK, title="<script>alert(1)</script> & more"))
    assert "<script>" not in html
    assert "<script>alert(1)</script> & more" in _read(html).text
