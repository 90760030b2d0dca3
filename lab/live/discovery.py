"""Which code is the user's, and where all of it is: whatever was not found could race unseen."""

from __future__ import annotations

import functools
import gc
import itertools
import site
import sys
import sysconfig
import types
import weakref
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

__all__ = ["functions_in", "in_lab", "is_user_file", "namespaces_of", "worked_out_names"]

_LAB = str(Path(__file__).resolve().parent.parent) + "/"
_MOST_WRAPPERS = 100
"""Wrappers around wrappers that are looked into; some objects have any attribute that they are asked for."""


@functools.cache
def _foreign() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    folders = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders |= {str(Path(path).resolve()) for path in folders}
    folders |= set(site.getsitepackages())
    return tuple(f"{folder}/" for folder in folders)


def in_lab(path: str) -> bool:
    """Whether it is a file of the lab."""
    return path.startswith(_LAB)


@functools.cache
def is_user_file(path: str) -> bool:
    """Whether code in that file is the user's: not of the standard library, an installed package, or the lab."""
    if path.startswith(("<frozen", _LAB)):
        return False
    if "/site-packages/" in path or "/dist-packages/" in path:
        return False
    return not path.startswith(_foreign())


def namespaces_of(values: Iterable[Any], modules: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Return the variables of every user module that the values come from, or that one of those refers to.

    Parameters
    ----------
    values : iterable
        Functions, objects.
    modules : iterable of str
        Names of further modules whose code is to be controlled, though installed.
    """
    wanted = set(modules)
    found: dict[int, dict[str, Any]] = {}
    left = [space for value in values for space in _spaces(value)]
    left += [vars(module) for name, module in list(sys.modules.items()) if name in wanted]
    while left:
        space = left.pop()
        if id(space) in found or not _is_user_space(space, wanted):
            continue
        found[id(space)] = space
        left += [inner for value in list(space.values()) for inner in _spaces(value)]
    return list(found.values())


def _is_user_space(space: dict[str, Any], wanted: set[str]) -> bool:
    name = space.get("__name__", "")
    if name in wanted or any(str(name).startswith(f"{one}.") for one in wanted):
        return True
    return (
        is_user_file(str(space.get("__file__") or "<text>"))
        and name not in {"builtins", "sys"}
        and (space.get("__file__") is not None or name not in sys.builtin_module_names)
    )


def _spaces(value: Any, depth: int = 0) -> list[dict[str, Any]]:
    """Return the variables of the modules that a value belongs to."""
    if isinstance(value, types.ModuleType):
        return [vars(value)]
    if isinstance(value, types.FunctionType):
        return [value.__globals__]
    if isinstance(value, types.MethodType):
        return [*_spaces(value.__func__), *_spaces(value.__self__)]
    if isinstance(value, functools.partial):
        return [space for one in (value.func, *value.args, *value.keywords.values()) for space in _spaces(one)]
    kind = value if isinstance(value, type) else type(value)
    module = sys.modules.get(getattr(kind, "__module__", None) or "")
    found = [] if module is None else [vars(module)]
    wrapped = getattr(value, "__wrapped__", None) if callable(value) and not isinstance(value, type) else None
    return found if wrapped is None or depth == _MOST_WRAPPERS else [*found, *_spaces(wrapped, depth + 1)]


def functions_in(
    namespaces: list[dict[str, Any]], roots: Iterable[Callable[..., Any]]
) -> tuple[list[types.FunctionType], list[type]]:
    """Return every function and every class alive that belongs to one of the modules, wherever it is kept.

    Notes
    -----
    To look through everything that is alive takes longer than many an exploration. Once that has been done for some
    modules, what is new stands in the collector's first two generations, unless the second was collected since.
    """
    names = frozenset(str(space.get("__name__")) for space in namespaces)
    if _IMMORTAL:
        return _among(_alive(None, roots, _untracked(namespaces, names)), namespaces, names)
    key = (tuple(map(id, namespaces)), names)
    before = _collections()
    if _known and _known[-1].key == key and _known[-1].collections == before:
        old = _known[-1].alive()
        alive = _alive(0, old, roots)
        alive += gc.get_objects(1)  # later: what is collected in between goes from the first to the second
        if _collections() == before:
            found = _among(alive, namespaces, names)
            _known[-1].add((*found[0], *found[1]), old)
            return found
    if gc.isenabled():
        gc.collect(1)  # so that little is left in the first two
    before = _collections()
    found = _among(_alive(None, roots), namespaces, names)
    _known[:] = [_Known(key, namespaces, before)]
    _known[-1].add((*found[0], *found[1]))
    return found


def _alive(generation: int | None, *more: Iterable[Any]) -> list[Any]:
    """Return the collector's objects, and more; the list is not in itself, so that it goes at once."""
    found = gc.get_objects(generation)
    for one in more:
        found += one
    return found


def _among(
    alive: list[Any], namespaces: list[dict[str, Any]], names: frozenset[str]
) -> tuple[list[types.FunctionType], list[type]]:
    """Return the functions and classes among these objects that belong to the modules."""
    wanted = {id(space) for space in namespaces}
    sought = _classes_of_classes() | {types.FunctionType}
    some = itertools.compress(alive, map(sought.__contains__, map(type, alive)))
    found: dict[int, types.FunctionType] = {}
    kinds: dict[int, type] = {}
    for one in some:
        if type(one) is types.FunctionType:
            if id(one.__globals__) in wanted:
                found[id(one)] = one
        elif one.__module__ in names:
            kinds[id(one)] = one
    return list(found.values()), list(kinds.values())


def _collections() -> tuple[int, ...]:
    """Return what tells whether objects may have left the collector's first two generations."""
    return (*[one["collections"] for one in gc.get_stats()[1:]], gc.get_freeze_count())


class _Known:
    """What was found alive the last time; it may die meanwhile."""

    def __init__(self, key: Any, namespaces: list[dict[str, Any]], collections: tuple[int, ...]) -> None:
        self.key = key
        self.namespaces = list(namespaces)  # so that their identity stays theirs
        self.collections = collections
        self.references: list[weakref.ref[Any]] = []

    def alive(self) -> list[Any]:
        """Return what is still there."""
        return [one for one in [reference() for reference in self.references] if one is not None]

    def add(self, found: Iterable[Any], known: Iterable[Any] = ()) -> None:
        """Note what was found."""
        self.references = [reference for reference in self.references if reference() is not None]
        before = {id(one) for one in known}
        self.references += [weakref.ref(one) for one in found if id(one) not in before]


_known: list[_Known] = []
"""At most one: of the last modules that were looked for."""


def _classes_of_classes() -> set[type]:
    found: set[type] = set()
    left: list[Any] = [type]
    while left:
        kind = left.pop()
        if kind not in found:
            found.add(kind)
            left += type.__subclasses__(kind)
    return found


_IMMORTAL = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
"""Whether functions and classes are not among the collector's objects, as in Python 3.13 without a GIL."""


def _untracked(namespaces: list[dict[str, Any]], names: frozenset[str]) -> list[Any]:
    """Return the functions and classes that one comes to from the variables of the modules."""
    wanted = {id(space) for space in namespaces}
    left: list[Any] = list(namespaces)
    seen: dict[int, Any] = {}
    while left:
        value = left.pop()
        if id(value) in seen or isinstance(value, types.ModuleType | types.FrameType | types.CodeType):
            continue
        if type(value) is types.FunctionType and id(value.__globals__) not in wanted:
            left += (*(value.__closure__ or ()), value.__dict__)  # a decorator's, around one of the user's
            continue
        if isinstance(value, type) and value.__module__ not in names:
            continue
        seen[id(value)] = value
        left += gc.get_referents(value)
    return [one for one in seen.values() if isinstance(one, types.FunctionType | type)]


def worked_out_names(kinds: Iterable[type]) -> frozenset[str]:
    """Return the attributes of classes that code without hooks works out, such as `functools.cached_property`."""
    return frozenset(
        name
        for kind in kinds
        for one in kind.__mro__
        for name, held in vars(one).items()
        if isinstance(getattr(type(held), "__get__", None), types.FunctionType)
        and not is_user_file(type(held).__get__.__code__.co_filename)
    )
