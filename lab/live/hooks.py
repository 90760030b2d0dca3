"""What injected code calls before an access: it comes to a switch point, and says what the access touches."""

from __future__ import annotations

import functools
import types
from _thread import get_ident
from collections.abc import Callable, Iterable
from typing import Any

from lab.live import effects
from lab.live.effects import QUIET
from lab.live.foreign import foreign_function
from lab.live.reach import TooMuchError
from lab.live.runner.operations import OWN_FILES, WHOLE, Operation, Site, Touch
from lab.live.runner.session import Session, active

__all__ = [
    "Place",
    "on_attribute",
    "on_call",
    "on_cell",
    "on_change",
    "on_comparison",
    "on_contents",
    "on_global",
    "on_item",
    "on_match",
    "on_membership",
    "on_slice",
]

OWN_FILES.update({__file__, effects.__file__})


class Place:
    """One access in user code.

    Attributes
    ----------
    site : Site
        Where.
    name : str
        Of the variable or attribute.
    writes : bool
        Whether it changes what it names.
    space : dict or None
        The module's variables, of an access to a global.
    """

    __slots__ = ("field", "name", "site", "space", "writes")

    def __init__(self, site: Site, *, writes: bool, space: dict[str, Any] | None = None) -> None:
        self.site = site
        self.name = site.name
        self.field = ("item", site.name)
        self.writes = writes
        self.space = space


def on_attribute(place: Place, value: Any) -> None:
    """Before an attribute is read, written or deleted."""
    session = active.session
    if session is None or session.ident != get_ident():
        return
    name = place.name
    held = getattr(value, "__dict__", None)
    if type(held) is dict and (name in held or isinstance(value, types.ModuleType)):
        number = session.numbers.get(id(held))
        if number is None:
            number = session.number(held)
        session.switch(Operation(place.site, ((number, place.field, place.writes),)))
        return
    held = _worked_out(value, name)
    if held is not None:
        _touch(session, place, lambda: effects.of_descriptor(value, held))
        return
    owners = _owners(value, name, writes=place.writes)
    if owners:
        touches = tuple((session.number(effects.attribute(one, name)[0]), place.field, place.writes) for one in owners)
        session.switch(Operation(place.site, touches))


def _worked_out(value: Any, name: str) -> Any:
    """Return what code without hooks stands behind an attribute of the object's class; None where there is none."""
    for one in type(value).__mro__:
        if name in vars(one):
            held = vars(one)[name]
            behind = held.fget if isinstance(held, property) else getattr(type(held), "__get__", None)
            return held if foreign_function(behind) or type(held) is functools.cached_property else None
    return None


def on_match(place: Place, subject: Any, kind: Any, names: tuple[str, ...]) -> None:
    """Before the attributes are read that a class pattern names."""
    session = active.session
    if session is not None and session.ident == get_ident() and isinstance(subject, kind):
        wanted = dict.fromkeys((*getattr(kind, "__match_args__", ()), *names))
        _touch(session, place, lambda: [(*effects.attribute(subject, name), False) for name in wanted])


def _owners(value: Any, name: str, *, writes: bool) -> tuple[Any, ...]:
    """Return the objects whose attribute it is: also the class, where the object has none; none for methods."""
    if isinstance(value, type):
        found = [one for one in value.__mro__ if name in vars(one)]
        return (found[0],) if found and not isinstance(vars(found[0])[name], _METHODS) else (value,) if writes else ()
    for one in type(value).__mro__:
        if name in vars(one):
            held = vars(one)[name]
            if isinstance(held, types.MemberDescriptorType | types.GetSetDescriptorType):
                return (value,)
            if isinstance(held, property):
                return ()
            if isinstance(held, _METHODS) and not writes:
                return ()
            return (value,) if writes else (value, one)
    return (value,)


_METHODS = (
    types.FunctionType,
    classmethod,
    staticmethod,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.ClassMethodDescriptorType,
)


def on_global(place: Place) -> None:
    """Before a module's variable is read, written or deleted."""
    session = active.session
    if session is not None and session.ident == get_ident():
        session.switch(Operation(place.site, ((session.number(place.space), place.field, place.writes),)))


def on_cell(place: Place, cell: Any) -> None:
    """Before a variable of an enclosing function is read, written or deleted."""
    session = active.session
    if session is not None and session.ident == get_ident():
        session.switch(Operation(place.site, ((session.number(cell), place.name, place.writes),)))


def _touch(
    session: Session, place: Place, effects_of: Callable[[], Iterable[effects.Effect]], name: str | None = None
) -> None:
    """Come to a switch point if anything is touched; what code without hooks touches, it may touch until it returns."""

    def touches() -> tuple[Touch, ...]:
        try:
            return tuple([(session.number(value), field, writes) for value, field, writes in effects_of()])
        except TooMuchError:
            session.limits[place.site] = None
            return ()

    found = touches()
    if found:
        operation = Operation(place.site if name is None else Site(*place.site[:4], name), found)
        if len(found) > 1 or found[0][1] is WHOLE:
            operation.again = touches
        session.switch(operation)
        session.remain(operation.touches)


def on_item(place: Place, container: Any, key: Any) -> None:
    """Before an element is read, written or deleted."""
    session = active.session
    if session is not None and session.ident == get_ident():
        _touch(session, place, lambda: effects.of_item(container, key, writes=place.writes))


def on_slice(place: Place, container: Any) -> None:
    """Before several elements are."""
    session = active.session
    if session is not None and session.ident == get_ident():
        _touch(session, place, lambda: effects.of_item(container, None, writes=place.writes))


def on_contents(place: Place, *values: Any) -> None:
    """Before something reads all of a container, if it is one."""
    for value in values:
        if type(value) not in QUIET:
            break
    else:
        return
    session = active.session
    if session is not None and session.ident == get_ident():
        _touch(session, place, lambda: [effect for value in values for effect in effects.of_contents(value)])


def on_comparison(place: Place, *values: Any) -> None:
    """Before something looks also into the elements of a container, such as a comparison, or makes a text of it."""
    for value in values:
        if type(value) not in QUIET:
            break
    else:
        return
    session = active.session
    if session is not None and session.ident == get_ident():
        _touch(session, place, lambda: effects.of_comparison(*values))


def on_membership(place: Place, item: Any, container: Any) -> None:
    """Before `in`."""
    session = active.session
    if session is not None and session.ident == get_ident():
        _touch(session, place, lambda: effects.of_membership(container, item))


def on_change(place: Place, left: Any, right: Any) -> None:
    """Before an operator that changes its left side, if that is a container."""
    if type(left) in QUIET and type(right) in QUIET:
        return
    session = active.session
    if session is not None and session.ident == get_ident():
        _touch(session, place, lambda: effects.of_inplace(left, right))


def on_call(place: Place, function: Any, *arguments: Any) -> None:
    """Before a call, if what is called has no hooks and touches something."""
    session = active.session
    if session is None or session.ident != get_ident():
        return
    kind = type(function)
    if kind is types.FunctionType or kind is types.MethodType:
        if not foreign_function(function if kind is types.FunctionType else function.__func__):
            return
        session.whole[f"{function.__module__}.{function.__qualname__}"] = None
    name = getattr(function, "__name__", place.name)
    _touch(session, place, lambda: effects.of_call(function, arguments), name)
