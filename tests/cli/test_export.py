"""`lab export`, as a user meets it."""

from __future__ import annotations

import lab


def test_the_model_goes_to_the_screen(command) -> None:
    """What the API returns, and nothing else."""
    done = command("export", "refcount/race", "--promela")
    assert (done.status, done.out, done.err) == (0, lab.promela("refcount/race"), "")


def test_the_model_goes_to_a_file(command, tmp_path) -> None:
    """Under the policy and with the parameters given; nothing else stays in the folder."""
    path = tmp_path / "model.pml"
    path.write_text("older")
    done = command(
        "export", "lost_update/race", "--promela", "--policy", "statement", "--set", "THREADS=3", "--output", path
    )
    assert (done.status, done.out, done.err) == (0, "", "")
    assert path.read_text(encoding="utf-8") == lab.promela("lost_update/race", "statement", {"THREADS": 3})
    assert list(tmp_path.iterdir()) == [path]


def test_a_bound_leaves_nothing(command, tmp_path) -> None:
    """One sentence, status 3, and the older file is still there."""
    path = tmp_path / "model.pml"
    path.write_text("older")
    done = command("export", "lost_update/race", "--promela", "--max-states", 5, "--output", path)
    assert (done.status, done.out) == (3, "")
    assert done.err.startswith("lab: the bound on states was reached after ")
    assert done.err.count("\n") == 1
    assert path.read_text() == "older"


def test_wrong_input_is_one_sentence(command, tmp_path) -> None:
    """No format, no such scenario, no such policy, no such folder, a folder for a file."""
    for arguments, said in (
        (("refcount/race",), "write --promela"),
        (("refcount/rice", "--promela"), "refcount/rice"),
        (("refcount/race", "--promela", "--policy", "x"), "there is no policy 'x'"),
        (("refcount/race", "--promela", "--output", tmp_path / "no" / "m.pml"), "there is no directory"),
        (("refcount/race", "--promela", "--output", tmp_path), "is a directory"),
    ):
        done = command("export", *arguments)
        assert (done.status, done.out) == (2, "")
        assert said in done.err
        assert done.err.count("\n") == 1
