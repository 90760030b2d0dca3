"""The imports of a file, and what an expression refers to through them."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Container

from lab.errors import ScenarioError
from lab.language.names import BUILTINS, LATER, MODULES
from lab.language.source import Source

__all__ = ["Imports"]


class Imports:
    """What a file imports.

    Parameters
    ----------
    source : Source
        The file, for errors.
    own : Container of str
        The names that the file defines itself, which hide Python's functions; may grow.
    """

    def __init__(self, source: Source, own: Container[str]) -> None:
        self.source = source
        self.own = own
        self.names: dict[str, str] = {}

    def qualified(self, node: ast.expr) -> str | None:
        """Return the full name that an expression refers to through an import or as Python's own; None otherwise."""
        if isinstance(node, ast.Name):
            if node.id in self.names:
                return self.names[node.id]
            return f"builtins.{node.id}" if node.id in BUILTINS and node.id not in self.own else None
        if isinstance(node, ast.Attribute):
            module = self.qualified(node.value)
            return f"{module}.{node.attr}" if module in MODULES or module == "lab" else None
        return None

    def add(self, node: ast.Import | ast.ImportFrom) -> None:
        """Take in an import statement; raises `ScenarioError` for what a scenario may not import."""
        if isinstance(node, ast.ImportFrom):
            self._add_from(node)
            return
        for alias in node.names:
            if alias.name not in MODULES:
                raise self._not_importable(alias, alias.name)
            self.names[alias.asname or alias.name.partition(".")[0]] = (
                alias.name if alias.asname else alias.name.partition(".")[0]
            )

    def _add_from(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        if node.level or module not in MODULES:
            raise self._not_importable(node, "." * node.level + module)
        for alias in node.names:
            full = f"{module}.{alias.name}"
            if alias.name not in MODULES[module]:
                instead = self._instead(module, alias.name)
                raise self.source.error(alias, f"`{full}` is not part of the language", instead)
            self.names[alias.asname or alias.name] = full

    def _instead(self, module: str, name: str) -> str:
        """Return what to import instead of a name that the language does not have."""
        near = difflib.get_close_matches(name, MODULES[module], 1)
        if f"{module}.{name}" in LATER or not near:
            return LATER.get(f"{module}.{name}", f"import {', '.join(sorted(MODULES[module])) or 'nothing from it'}")
        return f"did you mean '{near[0]}'?"

    def _not_importable(self, node: ast.AST, name: str) -> ScenarioError:
        known = ", ".join(name for name in MODULES if not name.startswith("__"))
        return self.source.error(node, f"the module '{name}' may not be imported", f"a scenario may import {known}")
