"""What the documents show is what the commands print.

A comment `<!-- file: NAME -->` in a Markdown file names the code block that follows it, and
`<!-- NAME without its first "LINE" -->` takes a line out of that file. Each text block that begins with `$ lab` is run,
in order, in a folder with those files.
"""

from __future__ import annotations

import asyncio
import re
import shlex
import warnings
from pathlib import Path

import pytest

from lab.cli import main

ROOT = Path(__file__).parents[1]
DOCUMENTS = ["README.md", "docs/tutorial-first-race.md", "docs/tutorial-policies.md", "docs/tutorial-tasks.md"]
PIECE = re.compile(
    r"<!-- file: (?P<file>\S+) -->\s*```python\n(?P<code>.*?)```"
    r'|<!-- (?P<changed>\S+) without its first "(?P<line>[^"]+)" -->'
    r"|```text\n\$ lab (?P<command>[^\n]+)\n(?P<shown>.*?)```",
    re.DOTALL,
)


def _same_for_every_version(text: str) -> str:
    return re.sub(r"CPython \d+\.\d+\.\d+", "CPython", text)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_prints_what_is_shown(name, monkeypatch, tmp_path, capsys) -> None:
    """Word for word, but for the interpreter's version; a block may stop before the output does."""
    monkeypatch.chdir(tmp_path)
    commands = 0
    for piece in PIECE.finditer((ROOT / name).read_text(encoding="utf-8")):
        if piece["file"]:
            Path(piece["file"]).write_text(piece["code"], encoding="utf-8")
        elif piece["changed"]:
            path = Path(piece["changed"])
            path.write_text(path.read_text(encoding="utf-8").replace(f"{piece['line']}\n", "", 1), encoding="utf-8")
        else:
            with pytest.raises(SystemExit):
                main(shlex.split(piece["command"]))
            printed = capsys.readouterr()
            assert _same_for_every_version(printed.out + printed.err).startswith(
                _same_for_every_version(piece["shown"])
            ), piece["command"]
            commands += 1
    assert commands >= 3


def test_python_says_what_the_tutorial_about_tasks_says() -> None:
    """The three mistakes, made for real; each message stands in the text word for word."""
    said = []

    async def greet() -> None:
        """Do nothing."""

    async def second_loop() -> None:
        routine = greet()
        try:
            asyncio.run(routine)
        finally:
            routine.close()

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        greet.__qualname__ = "greet"
        greet()  # type: ignore[unused-coroutine]  # that is the mistake
    said.append(f"RuntimeWarning: {caught[0].message}")
    with pytest.raises(SyntaxError) as outside:
        compile("def greet():\n    await x", "outside", "exec")
    said.append(f"SyntaxError: {outside.value.msg}")
    with pytest.raises(RuntimeError) as inside:
        asyncio.run(second_loop())
    said.append(f"RuntimeError: {inside.value}")
    text = (ROOT / "docs/tutorial-tasks.md").read_text(encoding="utf-8")
    assert [sentence for sentence in said if sentence not in text] == []
