"""A scenario's text: parsing it within bounds, and pointing at a place in it."""

from __future__ import annotations

import ast
import warnings
from collections import deque

from lab.errors import ScenarioError
from lab.model.instructions import Span

__all__ = ["LARGEST_FILE", "Source"]

LARGEST_FILE = 200_000
"""Characters; a scenario is a small program."""

_DEEPEST = 60
_MOST_NODES = 50_000


class Source:
    """The text of a scenario file, and the errors that quote it."""

    def __init__(self, text: str, path: str) -> None:
        self.text = text.removeprefix("\ufeff")
        self.path = path
        self.lines = self.text.splitlines()

    def error(self, node: ast.AST | None, message: str, hint: str = "") -> ScenarioError:
        """Return the error that points at a node, or at the whole file."""
        span = self.span(node) if node is not None else Span(0, 0, 0, 0)
        return self.error_at(span.line, span.column, message, hint)

    def error_at(self, line: int, column: int, message: str, hint: str = "") -> ScenarioError:
        """Return the error that points at a line and column, both from 1."""
        source = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return ScenarioError(message, hint=hint, path=self.path, line=line, column=column, source=source)

    def span(self, node: ast.AST) -> Span:
        """Return where a node stands, in characters."""
        line, end_line = getattr(node, "lineno", 1), getattr(node, "end_lineno", 1) or 1
        column, end_column = getattr(node, "col_offset", 0), getattr(node, "end_col_offset", 0) or 0
        return Span(line, self._characters(line, column) + 1, end_line, self._characters(end_line, end_column) + 1)

    def _characters(self, line: int, offset: int) -> int:
        """Turn an offset in UTF-8 bytes into one in characters."""
        if not 0 < line <= len(self.lines):
            return offset
        return len(self.lines[line - 1].encode()[:offset].decode(errors="ignore"))

    def segment(self, node: ast.AST) -> str:
        """Return a node's text on one line, shortened if long."""
        text = " ".join(self._between(self.span(node)).split()) if hasattr(node, "end_lineno") else ""
        return text if len(text) <= 60 else text[:57] + "..."

    def _between(self, span: Span) -> str:
        """Return the text of a span; cutting the lines that are known is faster than splitting the text again."""
        lines = self.lines[span.line - 1 : span.end_line]
        if not lines:
            return ""
        lines[-1] = lines[-1][: span.end_column - 1]
        lines[0] = lines[0][span.column - 1 :]
        return "\n".join(lines)

    def parse(self) -> ast.Module:
        """Return the syntax tree; raises `ScenarioError` when the text is no Python, too large or too deep."""
        if len(self.text) > LARGEST_FILE:
            raise self.error(
                None, f"the file is larger than {LARGEST_FILE:,} characters", "a scenario is a small program; split it"
            )
        tree = None
        try:
            self.text.encode()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(self.text)
                self._check_size(tree)
                compile(tree, "scenario", "exec", dont_inherit=True)  # checks names and scopes; nothing is run
        except SyntaxError as error:
            if tree is None or "async" not in error.msg:  # the language has its own words for tasks
                raise self._not_python(error) from None
        except (RecursionError, MemoryError):
            raise self.error(
                None, "the file nests too deeply", "split its expressions into several statements"
            ) from None
        except ValueError as error:
            raise self.error(None, f"the file cannot be read as text: {error}", "save it as UTF-8") from None
        return tree

    def _not_python(self, error: SyntaxError) -> ScenarioError:
        line, column = error.lineno or 1, max(error.offset or 1, 1)
        if "Exceeds the limit" in error.msg:
            return self.error_at(line, column, "a number has more than 4,000 digits", "use smaller numbers")
        return self.error_at(line, column, f"this is not Python: {error.msg}", "correct the syntax")

    def _check_size(self, tree: ast.Module) -> None:
        pending: deque[tuple[ast.AST, int]] = deque([(tree, 0)])
        count = 0
        while pending:
            node, depth = pending.popleft()
            count += 1
            if depth > _DEEPEST or count > _MOST_NODES:
                what = "nests too deeply" if depth > _DEEPEST else "is too long"
                place = node if hasattr(node, "lineno") else None
                raise self.error(place, f"the program {what}", "split it; a scenario is a small program")
            pending.extend((child, depth + 1) for child in ast.iter_child_nodes(node))
