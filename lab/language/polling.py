"""Which mark an expression ends with: whether the opcode that computes it is one after which old versions poll."""

from __future__ import annotations

import ast
from collections.abc import Callable

from lab.model.marks import IDENTITY, OPCODE

__all__ = ["closing_mark", "is_plain_test"]

_NO_ACCESS = (ast.In, ast.NotIn, ast.Is, ast.IsNot)


def closing_mark(node: ast.expr, is_local: Callable[[str], bool]) -> str | None:
    """Return the mark behind an expression; None where its last opcode is a fast one, or it has none of its own.

    Parameters
    ----------
    is_local : callable
        Whether a name is a plain local variable (LOAD_FAST).
    """
    match node:
        case ast.Constant() | ast.BoolOp() | ast.IfExp():
            return None
        case ast.Name(name):
            return None if is_local(name) else OPCODE
        case ast.UnaryOp(_, ast.Constant()):
            return None
        case ast.Tuple(elts) if all(isinstance(one, ast.Constant) for one in elts):
            return None
        case ast.Compare(_, ops):
            return IDENTITY if isinstance(ops[-1], _NO_ACCESS) else OPCODE
    return OPCODE


def is_plain_test(node: ast.expr) -> bool:
    """Whether a test's value is True or False from the start, so that the jump after it is a fast opcode."""
    negated = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    return negated or isinstance(node, ast.Compare | ast.Constant | ast.BoolOp)
