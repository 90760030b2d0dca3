"""The project itself: what is shipped, what is locked, what its files must not say."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import lab
from lab import catalogue

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
OUTSIDE_NAMES = re.compile(
    r"(?<![\w.])/(?:tmp|root|home|work|opt|usr/local)/\w|https?://[^\s)>\"']*pypi|index-url", re.IGNORECASE
)


def _tracked() -> list[Path]:
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        return [ROOT / name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):  # unpacked without git
        return [path for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts]


def test_the_versions_agree() -> None:
    """pyproject.toml, the package and the newest entry of the changelog."""
    version = PROJECT["project"]["version"]
    assert lab.__version__ == version
    newest = re.search(
        r"^## (\S+) \((\d{4}-\d{2}-\d{2})\)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert newest is not None
    assert newest[1] == version


def test_every_dependency_is_locked() -> None:
    """Each requirement, the build backend included, has a pinned version in constraints.txt."""
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    pinned = set(re.findall(r"^([A-Za-z0-9_.-]+)==", text, re.MULTILINE))
    wanted = [*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"]]
    for extra in PROJECT["project"]["optional-dependencies"].values():
        wanted += extra
    names = {re.split(r"[<>=!~ \[;]", requirement)[0].lower() for requirement in wanted}
    assert names <= pinned


def test_every_module_stands_in_a_layer() -> None:
    """import-linter sees each module of the package, so that none escapes the contracts."""
    layers = PROJECT["tool"]["importlinter"]["contracts"][0]["layers"]
    named = {module.strip() for layer in layers for module in layer.split("|")}
    present = {path.stem for path in (ROOT / "lab").glob("*.py")} | {
        path.parent.name for path in (ROOT / "lab").glob("*/__init__.py")
    }
    assert present - {"__init__"} == named


def test_the_files_speak_of_the_project_alone() -> None:
    """No folders of somebody's machine and no addresses of registries, except in this test."""
    found = []
    for path in _tracked():
        if path == Path(__file__) or path.suffix in (".png", ".pdf"):
            continue
        lines = enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        found += [f"{path.relative_to(ROOT)}:{number}" for number, line in lines if OUTSIDE_NAMES.search(line)]
    assert found == []


def test_links_between_documents_lead_somewhere() -> None:
    """Every relative link or picture in a Markdown file names a file that exists."""
    broken = []
    for path in _tracked():
        if path.suffix != ".md":
            continue
        targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
        inside = (target for target in targets if "://" not in target)
        broken += [f"{path.relative_to(ROOT)}: {target}" for target in inside if not (path.parent / target).exists()]
    assert broken == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Build the wheel in this environment, without fetching anything."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        yield archive


def test_the_wheel_has_scenarios_types_and_license(wheel) -> None:
    """`lab list` works after `pip install`, and type checkers see the annotations."""
    names = set(wheel.namelist())
    assert {f"lab/scenarios/{name}.py" for name in catalogue.names()} <= names
    assert "lab/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any(name.startswith(("tests/", "benchmarks/")) for name in names)


def test_the_wheel_lists_and_runs_its_scenarios(wheel, tmp_path) -> None:
    """Unpacked anywhere, without the checkout beside it."""
    wheel.extractall(tmp_path)
    program = (
        "import sys; sys.path.insert(0, '.'); import lab, lab.cli; print(lab.__file__); lab.cli.main(sys.argv[1:])"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, "run", "refcount/race", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    assert '"schedules": "6"' in done.stdout
    assert Path(done.stdout.splitlines()[0]).resolve().is_relative_to(tmp_path.resolve())
