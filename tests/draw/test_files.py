"""Saving: four files at once, never half a file, the same bytes whatever the hash seed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab.draw import save
from lab.draw.files import FORMATS
from tests.draw.samples import drawing


def test_save_writes_svg_png_pdf_and_csv(tmp_path: Path) -> None:
    """Each with its own beginning, and nothing else in the folder."""
    paths = save(drawing("lanes", "column"), tmp_path / "new" / "folder", "one")
    assert [path.suffix[1:] for path in paths] == list(FORMATS)
    assert sorted(path.name for path in paths[0].parent.iterdir()) == ["one.csv", "one.pdf", "one.png", "one.svg"]
    heads = [path.read_bytes()[:5] for path in paths[:3]]
    assert heads == [b"<?xml", b"\x89PNG\r", b"%PDF-"]


def test_a_failed_write_leaves_the_old_files_and_no_rubbish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk fills up at the third file."""
    (tmp_path / "one.svg").write_text("old")
    real, calls = os.fdopen, []

    def full(handle: int, mode: str) -> object:
        calls.append(handle)
        if len(calls) == 3:
            os.close(handle)
            raise OSError("no space left")
        return real(handle, mode)

    monkeypatch.setattr("lab.draw.files.os.fdopen", full)
    with pytest.raises(OSError, match="no space"):
        save(drawing("lanes", "column"), tmp_path, "one")
    assert [path.name for path in tmp_path.iterdir()] == ["one.svg"]
    assert (tmp_path / "one.svg").read_text() == "old"


def test_a_notebook_shows_the_svg() -> None:
    """The rich display of a drawing is its SVG."""
    assert drawing("lanes", "column")._repr_svg_().startswith("<?xml")


def test_hash_seeds_do_not_matter() -> None:
    """Two processes with different PYTHONHASHSEED draw the same bytes in every format."""
    code = (
        "import hashlib\n"
        "from tests.draw.samples import drawing\n"
        "from lab.draw.drawing import pdf_bytes, png_bytes, svg_text\n"
        "for name in ('strips', 'grid'):\n"
        "    made = drawing(name, 'column')\n"
        "    for part in (svg_text(made).encode(), png_bytes(made), pdf_bytes(made)):\n"
        "        print(hashlib.sha256(part).hexdigest())\n"
    )
    root = Path(__file__).resolve().parents[2]
    said = {
        subprocess.run(
            [sys.executable, "-c", code], env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(root)}, cwd=root,
            check=True, capture_output=True, text=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(said) == 1
