"""What injected code calls before an access: it comes to a switch point, and says what the access touches."""

from __future__ import annotations

import types
from _thread import get_ident
from collections.abc import Iterable
from typing import Any

from lab.live import effects
from lab.live.effects import QUIET
from lab.live.runner.operations import OWN_FILES, WHOLE, Operation, Site
from lab.live.runner.session import Session, active

__all__ = [
    "Place",
    "on_attribute",
    "on_call",
    "on_cell",
    "on_change",
    "on_contents",
    "on_global",
    "on_item",
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
    owners = _owners(value, name, writes=place.writes)
    if owners:
        touches = tuple((session.number(effects.attribute(one, name)[0]), place.field, place.writes) for one in owners)
        session.switch(Operation(place.site, touches))


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


def _touch(session: Session, place: Place, found: Iterable[effects.Effect]) -> None:
    touches = tuple((session.number(value), field, writes) for value, field, writes in found)
    if touches:
        session.switch(Operation(place.site, touches))


def on_item(place: Place, container: Any, key: Any) -> None:
    """Before an element is read, written or deleted."""
    session = active.session
    if session is not None and session.ident == get_ident():
        _touch(session, place, effects.of_item(container, key, writes=place.writes))


def on_slice(place: Place, container: Any) -> None:
    """Before several elements are."""
    session = active.session
    if session is not None and session.ident == get_ident() and isinstance(container, effects.CONTAINERS):
        session.switch(Operation(place.site, ((session.number(container), WHOLE, place.writes),)))


def on_contents(place: Place, *values: Any) -> None:
    """Before something reads all of a container, if it is one."""
    for value in values:
        if type(value) not in QUIET:
            break
    else:
        return
    session = active.session
    if session is not None and session.ident == get_ident():
        _touch(session, place, [effect for value in values for effect in effects.of_contents(value)])


def on_membership(place: Place, item: Any, container: Any) -> None:
    """Before `in`."""
    session = active.session
    if session is not None and session.ident == get_ident():
        _touch(session, place, effects.of_membership(container, item))


def on_change(place: Place, left: Any, right: Any) -> None:
    """Before an operator that changes its left side, if that is a container."""
    if type(left) in QUIET and type(right) in QUIET:
        return
    session = active.session
    if session is not None and session.ident == get_ident():
        _touch(session, place, effects.of_inplace(left, right))


def on_call(place: Place, function: Any, *arguments: Any) -> None:
    """Before a call, if what is called is written in C and touches a container."""
    session = active.session
    if session is None or session.ident != get_ident():
        return
    found = effects.of_call(function, arguments)
    if found:
        name = getattr(function, "__name__", place.name)
        touches = tuple((session.number(value), field, writes) for value, field, writes in found)
        session.switch(Operation(place.site._replace(name=name), touches))
