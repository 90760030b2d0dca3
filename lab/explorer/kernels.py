"""The inner loops over many states, compiled by numba; imported only where that is installed, by `lab.explorer.engine`.

Each does what the numpy code beside its call does, number for number. They gather from the tables that
`relation.step` has filled and decide nothing themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

__all__ = ["emit", "intern", "locate", "scatter"]

Array = NDArray[Any]

_UNFILLED = -2
_AHEAD = 24
"""How many keys ahead memory is asked for: enough for the waits to overlap, few enough for what came to stay."""

_HALF = np.uint64(32)


def _compiled(signature: str) -> Callable[[Callable[..., Any]], Any]:
    """Compile for that signature, or take it from the cache on disk, if there is a place for one."""

    def compiled(function: Callable[..., Any]) -> Any:
        try:
            return numba.njit(signature, cache=True)(function)
        except RuntimeError:  # no folder that a cache could be written to
            return numba.njit(signature)(function)

    return compiled


@intrinsic
def _prefetch(_: Any, array: Any, place: Any) -> Any:
    """Ask for `array[place]` to be brought near without waiting for it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, word, word, word])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
        address = builder.bitcast(builder.gep(data, [arguments[1]]), byte)
        builder.call(function, [address, word(0), word(3), word(1)])  # to read, keep it near, as data
        return context.get_dummy_value()

    return numba.types.void(array, place), generate


@numba.njit
def _place(batch: Array, row: int, multiplier: Any, shift: Any) -> Any:
    """Return the slot where the search for a key begins, as `StateIndex` mixes it."""
    mixed = np.uint64(batch[0, row]) * multiplier
    for word in range(1, batch.shape[0]):
        mixed = (mixed ^ (mixed >> _HALF) ^ np.uint64(batch[word, row])) * multiplier
    return np.int64(mixed >> shift)


@_compiled("int64(int64[::1], int32[::1], int64, uint64, uint64, int64[:, ::1], int64[::1], int64[::1])")
def intern(
    known: Array, slots: Array, size: int, multiplier: Any, shift: Any, batch: Array, numbers: Array, new: Array
) -> int:
    """Number the keys of a batch as `StateIndex.intern` says; returns how many of them are new.

    `known` holds the words of key 0, then those of key 1, and has room for the whole batch.
    """
    words, count = batch.shape
    found = 0
    for step in range(count + 2 * _AHEAD):
        if step < count:
            _prefetch(slots, _place(batch, step, multiplier, shift))
        row = step - _AHEAD
        if 0 <= row < count:
            number = np.int64(slots[_place(batch, row, multiplier, shift)])
            if number >= 0:
                _prefetch(known, number * words)
        row = step - 2 * _AHEAD
        if row < 0:
            continue
        place = _place(batch, row, multiplier, shift)
        while True:
            number = np.int64(slots[place])
            if number < 0:
                number = np.int64(size + found)
                slots[place] = number
                for word in range(words):
                    known[number * words + word] = batch[word, row]
                new[found] = row
                found += 1
                break
            same = True
            for word in range(words):
                same = same and known[number * words + word] == batch[word, row]
            if same:
                break
            place = (place + 1) & (slots.size - 1)
        numbers[row] = number
    return found


@_compiled(
    "int64(int64[:, ::1], int64[:, ::1], int64[::1], int64[:, :, ::1], int64[::1], int64[::1],"
    " int64[:, ::1], int64[:, ::1])"
)
def locate(
    keys: Array, thread: Array, base: Array, parts: Array, behind: Array, first: Array, rows: Array, cells: Array
) -> int:
    """Find each thread's row and cell in each state as `Tables.locate` says; returns how many cells are unfilled.

    `thread` has for each thread the word, shift, mask and first row of its local state.
    """
    missing = 0
    for number in range(thread.shape[0]):
        word, shift, mask, offset = thread[number]
        for state in range(keys.shape[1]):
            row = ((keys[word, state] >> shift) & mask) + offset
            cell = base[row]
            for part in range(parts.shape[0]):
                if parts[part, 2, row] == 0:
                    break
                stride = parts[part, 3, row]
                if stride < 0:
                    cell = behind[cell]
                    stride = 0
                value = (keys[parts[part, 0, row], state] >> parts[part, 1, row]) & parts[part, 2, row]
                cell += value << stride
            rows[number, state] = row
            cells[number, state] = cell
            missing += first[cell] == _UNFILLED
    return missing


@_compiled(
    "int64(int64[:, ::1], int64[:, ::1], int64[:, ::1], int64[:, ::1], int64[:, :, ::1], int64[:, ::1],"
    " int64[:, ::1], int64[::1], uint16[::1], int64[::1], int64[::1])"
)
def emit(
    keys: Array,
    rows: Array,
    cells: Array,
    keep: Array,
    results: Array,
    slots: Array,
    after: Array,
    sources: Array,
    labels: Array,
    enabled: Array,
    degrees: Array,
) -> int:
    """Write every transition as `Expander` says; returns how many there are.

    `slots` has for each thread and result the thread, the result and the label.
    """
    found = 0
    for state in range(keys.shape[1]):
        moving = 0
        begin = found
        thread = -1
        for slot in range(slots.shape[0]):
            cell = cells[slots[slot, 0], state]
            result = slots[slot, 1]
            if result == 0:
                for place in range(begin, found):
                    degrees[place] = found - begin
                begin = found
                thread = slots[slot, 0]
            bits = results[result, 0, cell]
            if bits < 0:
                continue
            moving += result == 0
            row = rows[thread, state]
            after[0, found] = (keys[0, state] & keep[0, row]) | bits
            for word in range(1, keys.shape[0]):
                after[word, found] = (keys[word, state] & keep[word, row]) | results[result, word, cell]
            sources[found] = state
            labels[found] = slots[slot, 2]
            found += 1
        for place in range(begin, found):
            degrees[place] = found - begin
        enabled[state] = moving
    return found


@_compiled("void(uint64[::1], int64[::1], uint64[::1], int64[::1])")
def scatter(sums: Array, targets: Array, amounts: Array, sources: Array) -> None:
    """Add `amounts[sources[i]]` to `sums[targets[i]]` for every i."""
    for place in range(targets.size):
        sums[targets[place]] += amounts[sources[place]]
