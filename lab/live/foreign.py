"""Python code that gets no hooks, of the standard library and of installed packages: a call of it is one step."""

from __future__ import annotations

import functools
import types
from collections.abc import Iterable
from typing import Any

from lab.live.discovery import in_lab, is_user_file
from lab.live.runner.operations import OWN_FILES

__all__ = ["foreign_function", "foreign_type", "is_foreign", "reads_only", "set_controlled"]

_controlled: set[str] = set()
"""Names of the installed modules that are controlled at the moment, like the user's own."""

WITHOUT_STATE = frozenset(
    {
        "abc", "_abc", "_collections_abc", "_py_abc", "ast", "asyncio", "builtins", "codecs", "contextlib", "dis",
        "encodings", "enum", "functools", "genericpath", "hypothesis", "importlib", "inspect", "keyword", "linecache",
        "logging",
        "ntpath", "numbers", "os", "posixpath", "pytest", "_pytest", "pluggy", "re", "reprlib", "selectors", "socket",
        "subprocess", "sys", "sysconfig", "threading", "time", "tokenize", "traceback", "types", "typing", "unittest",
        "warnings", "coverage", "xdist", "_weakrefset", "concurrent",
    }
)  # fmt: skip
"""Modules whose functions keep nothing that user code reads without calling them, or guard it by locks of their own."""

READING = frozenset(
    {
        "base64", "copy", "copyreg", "csv", "dataclasses", "datetime", "decimal", "difflib", "fractions", "hashlib",
        "html", "ipaddress", "json", "math", "operator", "pickle", "pprint", "statistics", "string", "textwrap",
        "urllib", "uuid",
    }
)  # fmt: skip
"""Modules whose functions read what they are given, and change nothing in it."""


def set_controlled(modules: Iterable[str]) -> None:
    """Say which installed modules are controlled."""
    _controlled.clear()
    _controlled.update(modules)
    is_foreign.cache_clear()
    _types.clear()


@functools.lru_cache(10_000)
def is_foreign(path: str, module: str) -> bool:
    """Whether code of that file and module gets no hooks, and may touch what it is given."""
    if path in OWN_FILES or in_lab(path) or module.split(".", maxsplit=1)[0] in WITHOUT_STATE:
        return False
    if any(module == one or module.startswith(f"{one}.") for one in _controlled):
        return False
    return not is_user_file(path) or path.startswith("<frozen")


def foreign_function(value: Any) -> bool:
    """Whether it is a function in Python that gets no hooks."""
    return type(value) is types.FunctionType and is_foreign(
        value.__code__.co_filename, str(value.__globals__.get("__name__"))
    )


def reads_only(module: str | None) -> bool:
    """Whether the functions of a module change nothing in what they are given."""
    return (module or "").split(".")[0] in READING


def foreign_type(kind: type) -> bool:
    """Whether operators on such objects run Python code that gets no hooks."""
    found = _types.get(kind)
    if found is None:
        found = _types[kind] = any(
            foreign_function(held)
            for one in kind.__mro__
            if one.__module__ not in {"builtins", "typing"}
            for name, held in vars(one).items()
            if name.startswith("__") and name not in _MAKING
        )
    return found


_types: dict[type, bool] = {}
_MAKING = frozenset(
    {"__init__", "__new__", "__init_subclass__", "__class_getitem__", "__subclasshook__", "__set_name__", "__reduce__"}
)
