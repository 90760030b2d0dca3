"""Workload files: what they say, and one sentence with the line for each mistake."""

from __future__ import annotations

import pytest

from lab.errors import UsageError
from lab.gil import Acquire, Call, Cpu, Get, Io, Join, Mark, Put, Receive, Release, Send, Start, simulate
from lab.gil.workload_file import parse_workload, read_workload

EVERYTHING = """\
# A bit of everything
model old        # with the old GIL
cores 3
interval 2.5ms
handover 0.25
sharing .5
seed 7

thread A
    cpu 1 s
    call 2 ms
    call 3us released
    io 4 ns
    sleep .5 ms
    start B
    2 times
        acquire L
        2 times
            put q
        release L
    join B
thread B priority -1
\tput q
\tget q
thread C priority 2 in the background
  send 1 µs
  receive
  mark here
"""


def test_every_word_has_its_segment() -> None:
    """Settings, threads with what is said of them, and blocks within blocks: 2 x (1 + 2 + 1) segments."""
    found = parse_workload(EVERYTHING, "all.gil")
    assert (found.title, found.model) == ("A bit of everything", "old")
    assert found.settings == {"cores": 3, "interval": 0.0025, "handover": 0.25, "sharing": 0.5, "seed": 7}
    first, second, third = found.workload.threads
    assert first.segments == (
        Cpu(1.0), Call(0.002), Call(3e-6, keeps=False), Io(4e-9), Io(0.0005), Start("B"),
        *(Acquire("L"), Put("q"), Put("q"), Release("L")) * 2,
        Join("B"),
    )  # fmt: skip
    assert (second.priority, second.background, second.segments) == (-1, False, (Put("q"), Get("q")))
    assert (third.priority, third.background) == (2, True)
    assert third.segments == (Send(1e-6), Receive(), Mark("here"))


def test_a_file_is_simulated(tmp_path) -> None:
    """3 x (2 + 1) ms in one thread."""
    path = tmp_path / "work.gil"
    path.write_text("wake 0 s\nslack 0 s\njitter 0 s\nthread T\n  3 times\n    cpu 2 ms\n    io 1 ms\n")
    found = read_workload(path)
    from lab.gil import Settings

    assert simulate(found.workload, Settings(**found.settings)).seconds == 0.009  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "w.gil: a workload needs a thread that nobody starts"),
        ("    cpu 1 ms", "w.gil:1: an indented line belongs to a thread"),
        ("thread", "w.gil:1: a thread needs a name"),
        ("thread T twice", "w.gil:1: after a thread's name stands nothing"),
        ("threads T", "w.gil:1: `threads` means nothing here; did you mean `thread`?"),
        ("zzz", "w.gil:1: `zzz` means nothing here; a line here begins with thread, model, cores"),
        ("model newest", "w.gil:1: there is no model 'newest'; choose one of old, new"),
        ("cores two", "w.gil:1: cores has to be a whole number"),
        ("price much", "w.gil:1: price has to be a number"),
        ("interval 5", "w.gil:1: '5' is no duration; write one such as `5 ms`"),
        ("thread T\n    cpu", "w.gil:2: 'nothing' is no duration"),
        ("thread T\n    cpu 1 hour", "w.gil:2: '1 hour' is no duration"),
        ("thread T\n    compute 1 ms", "w.gil:2: `compute` means nothing here"),
        ("thread T\n    cup 1 ms", "did you mean `cpu`?"),
        ("thread T\n    acquire", "w.gil:2: `acquire` is followed by one name"),
        ("thread T\n    receive it", "w.gil:2: `receive` is followed by nothing"),
        ("thread T\n    some times\n        cpu 1 ms", "w.gil:2: some is no number of times"),
        ("thread T\n    3 times\n    cpu 1 ms", "w.gil:2: there is nothing below to repeat"),
        ("thread T\n    cpu 1 ms\n      cpu 1 ms", "w.gil:3: this line is indented unlike those above"),
        ("thread T\n    999 times\n        999 times\n            cpu 1 ms", "makes more than 200,000 segments"),
        ("thread T\nthread T", "w.gil:2: two threads are called T"),
        ("thread GIL", "w.gil:1: a thread cannot be called GIL: a trace has a lane of that name"),
        ("thread T\n    join X", "w.gil:2: there is no thread X"),
        ("thread T\n    start U\n    start U\nthread U", "w.gil:3: thread U is started twice"),
        ("thread T\n    2 times\n        start U\nthread U", "w.gil:3: thread U is started twice"),
        ("thread T\n    cpu 86401 s", "w.gil:2: 86401 s is longer than a day"),
        ("thread T\n    release L", "w.gil:2: the thread releases lock L, which it does not hold"),
        (
            "thread T\n    acquire L\n    2 times\n        release L",
            "w.gil:4: the thread releases lock L, which it does not hold",
        ),
        ("thread T\n    2 times\n        acquire L", "w.gil:3: the thread holds lock L already"),
        ("cores 0\nthread T", "w.gil:1: cores is 0, and has to be from 1 to 1024"),
        ("cores 2\ncores 3\nthread T", "w.gil:2: cores was set above"),
        ("model old\nmodel new\nthread T", "w.gil:2: the model was named above"),
    ],
)
def test_a_mistake_is_one_sentence_with_its_line(text, said) -> None:
    """Each names the file, the line, and what to write."""
    with pytest.raises(UsageError) as caught:
        parse_workload(text, "w.gil")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_mark_of_the_encoding_is_passed_over(tmp_path) -> None:
    """Some editors begin a file in UTF-8 with a byte order mark."""
    path = tmp_path / "marked.gil"
    path.write_bytes(b"\xef\xbb\xbfthread T\n    cpu 1 ms\n")
    assert read_workload(path).workload.threads[0].name == "T"


def test_what_is_no_text_is_refused(tmp_path) -> None:
    """A missing file, bytes, and a megabyte."""
    with pytest.raises(UsageError, match="cannot be read"):
        read_workload(tmp_path / "none.gil")
    path = tmp_path / "bytes.gil"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="no text in UTF-8"):
        read_workload(path)
    path.write_bytes(b"#" * 1_000_001)
    with pytest.raises(UsageError, match="larger than a megabyte"):
        read_workload(path)
