"""Workloads as files: lines of words, with the threads' segments indented under their names.

>>> text = '''
... # Two threads
... cores 2
... thread T1
...     2 times
...         cpu 3 ms
...         io 1 ms
... thread T2 in the background
...     call 20 ms released
... '''
>>> found = parse_workload(text, "two.gil")
>>> found.title, found.settings, len(found.workload.threads[0].segments)
('Two threads', {'cores': 2}, 4)
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

from lab.errors import UsageError
from lab.gil.settings import MODELS, ModelName, Settings
from lab.gil.workload import (
    LONGEST,
    RESERVED,
    Acquire,
    Call,
    Cpu,
    Get,
    Io,
    Join,
    Mark,
    Put,
    Receive,
    Release,
    Segment,
    Send,
    Start,
    Thread,
    Workload,
)

__all__ = ["WorkloadFile", "parse_workload", "read_workload"]

MOST_SEGMENTS = 200_000
LARGEST = 1_000_000
"""Bytes of a file."""

UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
TIMED: dict[str, Callable[[float], Segment]] = {"cpu": Cpu, "io": Io, "sleep": Io, "send": Send}
NAMED: dict[str, Callable[[str], Segment]] = {
    "acquire": Acquire,
    "release": Release,
    "put": Put,
    "get": Get,
    "start": Start,
    "join": Join,
    "mark": Mark,
}
WORDS = (*TIMED, "call", "receive", *NAMED)
SETTINGS = {one.name: one.default for one in fields(Settings) if one.name != "model"}
WHOLE = ("cores", "seed")
PLAIN = ("handover", "price", "efficiency", "sharing")


@dataclass(frozen=True)
class WorkloadFile:
    """What a file says.

    Attributes
    ----------
    title : str
        The first comment; empty if there is none.
    model : ModelName or None
        The model that it names.
    settings : dict
        The settings that it gives, by name.
    workload : Workload
        The threads.
    """

    title: str
    model: ModelName | None
    settings: dict[str, float]
    workload: Workload


@dataclass(frozen=True)
class _Line:
    """A line that says something: its number, how far it is indented, its words."""

    number: int
    indent: int
    words: tuple[str, ...]


_Placed = tuple[Segment, _Line]
"""A segment, and the line that asks for it."""


def read_workload(path: Path) -> WorkloadFile:
    """Return what a file says.

    Raises
    ------
    UsageError
        The file cannot be read, or says something that makes no sense; the message names the line.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{path} is larger than a megabyte")
        return parse_workload(path.read_text(encoding="utf-8-sig"), str(path))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is no text in UTF-8") from None


def parse_workload(text: str, name: str) -> WorkloadFile:
    """Return what a text says; `name` is what errors call it.

    Raises
    ------
    UsageError
        It says something that makes no sense.
    """
    return _Reader(text, name).read()


class _Reader:
    """One pass over the lines of a file."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self.title = next((line[1:].strip() for line in text.splitlines() if line.startswith("#")), "")
        self.lines = _lines(text)
        self.at = 0
        self.segments = 0
        self.threads: dict[str, Thread] = {}
        self.settings: dict[str, float] = {}
        self.naming: list[tuple[Start | Join, _Line]] = []

    def read(self) -> WorkloadFile:
        """Read settings and threads."""
        model: ModelName | None = None
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.indent:
                raise self.error(line, "an indented line belongs to a thread, and there is none above")
            first, *rest = line.words
            if first == "thread":
                thread = self.thread(line, rest)
                self.threads[thread.name] = thread
                continue
            if first == "model":
                if model is not None:
                    raise self.error(line, "the model was named above")
                model = self.model(line, rest)
            elif first in SETTINGS:
                self.settings[first] = self.setting(line, first, rest)
            else:
                raise self.unknown(line, first, ("thread", "model", *SETTINGS))
            self.at += 1
        self.check_names()
        try:
            return WorkloadFile(self.title, model, self.settings, Workload(tuple(self.threads.values())))
        except UsageError as error:
            raise UsageError(f"{self.name}: {error}") from None

    def check_names(self) -> None:
        """See to it that threads which are started or joined exist, and that none is started twice."""
        started: set[str] = set()
        for segment, line in self.naming:
            if segment.thread not in self.threads:
                raise self.error(line, f"there is no thread {segment.thread}")
            if isinstance(segment, Start):
                if segment.thread in started:
                    raise self.error(line, f"thread {segment.thread} is started twice")
                started.add(segment.thread)

    def thread(self, line: _Line, rest: list[str]) -> Thread:
        """Read a thread: its name, what is said of it, and the segments indented below."""
        if not rest:
            raise self.error(line, "a thread needs a name")
        name, *more = rest
        if name in self.threads:
            raise self.error(line, f"two threads are called {name}")
        if name in RESERVED:
            raise self.error(line, f"a thread cannot be called {name}: a trace has a lane of that name")
        priority = 0
        if more[:1] == ["priority"] and len(more) > 1 and re.fullmatch(r"-?\d{1,3}", more[1]):
            priority = int(more[1])
            more = more[2:]
        background = more == ["in", "the", "background"]
        if more and not background:
            raise self.error(line, "after a thread's name stands nothing, `priority N`, or `in the background`")
        self.at += 1
        placed = self.block(line.indent)
        self.check_locks(placed)
        return Thread(name, tuple(segment for segment, _ in placed), priority, background)

    def check_locks(self, placed: list[_Placed]) -> None:
        """See to it that a thread frees only what it holds, and does not wait for itself."""
        held: set[str] = set()
        for segment, line in placed:
            if isinstance(segment, Acquire):
                if segment.lock in held:
                    raise self.error(line, f"the thread holds lock {segment.lock} already, and would wait for itself")
                held.add(segment.lock)
            elif isinstance(segment, Release):
                if segment.lock not in held:
                    raise self.error(line, f"the thread releases lock {segment.lock}, which it does not hold")
                held.remove(segment.lock)

    def block(self, outer: int) -> list[_Placed]:
        """Read the segments that are indented deeper than `outer`, each with its line."""
        found: list[_Placed] = []
        indent = self.lines[self.at].indent if self.at < len(self.lines) else 0
        while self.at < len(self.lines) and self.lines[self.at].indent > outer:
            line = self.lines[self.at]
            if line.indent != indent:
                raise self.error(line, "this line is indented unlike those above")
            self.at += 1
            if line.words[-1] == "times" and len(line.words) == 2:
                found += self.repeated(line)
            else:
                segment = self.segment(line)
                if isinstance(segment, Start | Join):
                    self.naming.append((segment, line))
                found.append((segment, line))
                self.count(line, 1)
        return found

    def repeated(self, line: _Line) -> list[_Placed]:
        """Read `N times` and what stands below it."""
        if not re.fullmatch(r"\d{1,6}", line.words[0]):
            raise self.error(line, f"{line.words[0]} is no number of times")
        times, inner = int(line.words[0]), self.block(line.indent)
        if not inner:
            raise self.error(line, "there is nothing below to repeat")
        self.count(line, len(inner) * (times - 1))
        if times > 1:
            self.naming += [(segment, at) for segment, at in inner if isinstance(segment, Start)]
        return inner * times

    def count(self, line: _Line, more: int) -> None:
        """Add up segments, so that nobody asks for too many."""
        self.segments += more
        if self.segments > MOST_SEGMENTS:
            raise self.error(line, f"this makes more than {MOST_SEGMENTS:,} segments")

    def segment(self, line: _Line) -> Segment:
        """Read one segment."""
        first, *rest = line.words
        if first in TIMED:
            return TIMED[first](self.duration(line, rest))
        if first == "call":
            released = rest[-1:] == ["released"]
            return Call(self.duration(line, rest[:-1] if released else rest), keeps=not released)
        if first == "receive" and not rest:
            return Receive()
        if first in NAMED and len(rest) == 1:
            return NAMED[first](rest[0])
        if first in NAMED or first == "receive":
            raise self.error(line, f"`{first}` is followed by {'nothing' if first == 'receive' else 'one name'}")
        raise self.unknown(line, first, WORDS)

    def duration(self, line: _Line, rest: list[str]) -> float:
        """Read a duration, such as `5 ms` or `5ms`."""
        said = " ".join(rest)
        found = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+) ?(s|ms|us|µs|ns)", said)
        if found is None:
            raise self.error(line, f"{said or 'nothing'!r} is no duration; write one such as `5 ms` (s, ms, us, ns)")
        seconds = float(found[1]) * UNITS[found[2]]
        if seconds > LONGEST:
            raise self.error(line, f"{said} is longer than a day")
        return seconds

    def model(self, line: _Line, rest: list[str]) -> ModelName:
        """Read the model's name."""
        said = " ".join(rest)
        for known in MODELS:
            if known == said:
                return known
        raise self.error(line, f"there is no model {said!r}; choose one of {', '.join(MODELS)}")

    def setting(self, line: _Line, name: str, rest: list[str]) -> float:
        """Read the value of a setting: a number, or a duration."""
        if name in self.settings:
            raise self.error(line, f"{name} was set above")
        value = self.value(line, name, " ".join(rest), rest)
        try:
            Settings(**{name: value})  # type: ignore[arg-type]  # a whole number where one is needed
        except UsageError as error:
            raise self.error(line, str(error)) from None
        return value

    def value(self, line: _Line, name: str, said: str, rest: list[str]) -> float:
        """Read a whole number, a number or a duration, as the setting needs it."""
        if name in WHOLE:
            if not re.fullmatch(r"\d{1,9}", said):
                raise self.error(line, f"{name} has to be a whole number")
            return int(said)
        if name in PLAIN:
            if not re.fullmatch(r"\d+(\.\d*)?|\.\d+", said):
                raise self.error(line, f"{name} has to be a number")
            return float(said)
        return self.duration(line, rest)

    def unknown(self, line: _Line, word: str, known: tuple[str, ...]) -> UsageError:
        """Return the error for a word that means nothing here, with what may have been meant."""
        near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
        hint = f"did you mean `{near[0]}`?" if near else f"a line here begins with {', '.join(known[:8])}, ..."
        return self.error(line, f"`{word}` means nothing here; {hint}")

    def error(self, line: _Line, said: str) -> UsageError:
        """Return an error that names the line."""
        return UsageError(f"{self.name}:{line.number}: {said}")


def _lines(text: str) -> list[_Line]:
    """Return the lines that say something; a tab counts as four spaces, and # begins a comment."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        said = line.partition("#")[0].replace("\t", "    ").rstrip()
        if said:
            found.append(_Line(number, len(said) - len(said.lstrip()), tuple(said.split())))
    return found
