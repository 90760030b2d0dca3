"""What every object of `threading` and `queue` shares: one component, any two operations dependent, and time-outs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from lab.model.heap import Blocks, HeapObject, Refused, Scene
from lab.model.values import Ref, Value

__all__ = ["Build", "Synchroniser"]

Build = Callable[[str], Ref]
"""Adds an object of that class, made without arguments, to the program and returns its reference."""


class Synchroniser(HeapObject):
    """An object that threads synchronise by; its state is one component.

    An object that a thread makes keeps what it was made with beside its state, since nobody knows it beforehand.

    Attributes
    ----------
    parameters : Mapping of str to Value
        What the class is called with, in order, each with its default.
    usage : str
        How a file makes one, for errors.
    in_python : bool
        Whether its methods are Python functions, which poll when they are entered.
    """

    synchronises = True
    shown = False
    parameters: ClassVar[Mapping[str, Value]] = {}
    usage: ClassVar[str]
    in_python: ClassVar[bool] = True

    def __init__(self, ref: Ref, name: str, component: int, arguments: tuple[Value, ...] | None = ()) -> None:
        super().__init__(ref, name)
        self.component = component
        self.arguments = arguments

    @classmethod
    def prepare(cls, arguments: tuple[Value, ...], _build: Build) -> tuple[Value, ...]:
        """Return the arguments that an object is made with; raises `Refused` for those that it does not take."""
        return arguments

    @classmethod
    def first(cls, _arguments: tuple[Value, ...]) -> Value:
        """Return the value that the component starts with."""
        return None

    def _given(self, scene: Scene) -> tuple[Value, ...]:
        """Return what the object was made with."""
        return self._pair(scene.constant(self.component))[0] if self.arguments is None else self.arguments

    def _state(self, scene: Scene) -> Value:
        content = scene.read(self.component)
        return self._pair(content)[1] if self.arguments is None else content

    def _become(self, scene: Scene, state: Value) -> None:
        scene.write(self.component, (self._given(scene), state) if self.arguments is None else state)

    def _content(self, value: Value) -> Value:
        """Return the state that a value of the component holds."""
        return value[1] if self.arguments is None else value

    def _pair(self, content: Value) -> tuple[tuple[Value, ...], Value]:
        """Return what a thread's object holds; only the analysis of traces asks of a place that is not used yet."""
        if not content:
            raise Blocks(self.name)
        pair: tuple[tuple[Value, ...], Value] = content
        return pair

    def _note(self, scene: Scene, operation: str, value: Value = None) -> None:
        scene.note(self.name, operation, value, writes=True, atomic=True)

    def _wait(self, scene: Scene, timeout: Value, held_by: tuple[int, ...] = ()) -> None:
        """Wait: the operation is not enabled, unless its time-out can be up, which it can at any moment."""
        if timeout is not None and not isinstance(timeout, int | float):
            raise Refused("a time-out is no number", "write it in seconds, or leave it out")
        if timeout is None or scene.midway:
            raise Blocks(self.name, held_by)


def whole_number(cls: type[Synchroniser], value: Value, least: int) -> None:
    """Refuse an argument that is no whole number, or too small."""
    if type(value) is not int or value < least:
        raise Refused(f"the number given to {cls.kind} is no whole number from {least}", f"write `{cls.usage}`")
