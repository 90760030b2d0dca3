"""What the documents show is what the commands print.

A comment `<!-- file: NAME -->` in a Markdown file names the code block that follows it, and
`<!-- NAME without its first "LINE" -->` takes a line out of that file. Each text block that begins with `$ lab` is run,
in order, in a folder with those files.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from lab.cli import main

ROOT = Path(__file__).parents[1]
PIECE = re.compile(
    r"<!-- file: (?P<file>\S+) -->\s*```python\n(?P<code>.*?)```"
    r'|<!-- (?P<changed>\S+) without its first "(?P<line>[^"]+)" -->'
    r"|```text\n\$ lab (?P<command>[^\n]+)\n(?P<shown>.*?)```",
    re.DOTALL,
)


def _same_for_every_version(text: str) -> str:
    return re.sub(r"CPython \d+\.\d+\.\d+", "CPython", text)


@pytest.mark.parametrize("name", ["README.md", "docs/tutorial-first-race.md"])
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
