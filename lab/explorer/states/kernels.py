"""The inner loops over many states, compiled by numba; imported only where that is installed, by `engine.py`.

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

__all__ = [
    "TABLES", "absorb", "cell_of", "compile_for", "emit", "home_of", "intern", "locate", "number_of", "part",
    "place", "prefetch",
]  # fmt: skip

Array = NDArray[Any]

TABLES = "uint64[:, ::1], uint64[:, ::1], uint64[:, ::1]"
"""The types of threads, rows and cells as `Tables.arrays` has them."""

_UNFILLED = np.uint64(2**64 - 2)
_LARGEST = np.uint64(2**63 - 1)
"""What is above is a negative number: NOT_ENABLED or UNFILLED."""

_WIDEST = np.uint64(63)
"""What is above is no stride: -1."""

_AHEAD = np.uint64(24)
"""How many keys ahead memory is asked for: enough for the waits to overlap, few enough for what came to stay."""

_ZERO, _ONE, _TWO, _THREE, _FOUR, _HALF = (np.uint64(number) for number in (0, 1, 2, 3, 4, 32))
"""Numbers without a sign, for places: one that may be negative would be looked at for that each time."""


def compile_for(*signatures: str, makes_arrays: bool = False) -> Callable[[Callable[..., Any]], Any]:
    """Compile for those signatures, or take it from the cache on disk, if there is a place for one.

    In a function that makes no arrays numba need not count the references to those that it is given. It would do so
    wherever a part of a loop is taken over from a function of its own, which took as long as all the rest.
    """

    def compiled(function: Callable[..., Any]) -> Any:
        try:
            return numba.njit(list(signatures), cache=True, _nrt=makes_arrays)(function)
        except RuntimeError:  # no folder that a cache could be written to
            return numba.njit(list(signatures), _nrt=makes_arrays)(function)

    return compiled


part = numba.njit(inline="always", _nrt=False)
"""For a part of several loops, put into each of them."""


@intrinsic
def prefetch(_: Any, array: Any, place: Any) -> Any:
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


@part
def home_of(keys: Array, at: Any, gap: Any, words: Any, multiplier: Any, shift: Any) -> Any:
    """Return the slot where the search for a key begins, whose words begin at `at` and are `gap` apart.

    It is what `StateIndex` makes of the key.
    """
    mixed = keys[at] * multiplier
    for word in range(_ONE, words):
        mixed = (mixed ^ (mixed >> _HALF) ^ keys[at + word * gap]) * multiplier
    return mixed >> shift


@part
def number_of(known: Array, slots: Array, size: Any, home: Any, keys: Array, at: Any, gap: Any, words: Any) -> Any:
    """Return the number of such a key: `size` when it is new, and known from now on."""
    last = np.uint64(slots.size - 1)
    while True:
        number = slots[home]
        if number < 0:
            slots[home] = np.int32(size)
            for word in range(words):
                known[size * words + word] = keys[at + word * gap]
            return size
        place, same = np.uint64(number) * words, True
        for word in range(words):
            same = same and known[place + word] == keys[at + word * gap]
        if same:
            return np.uint64(number)
        home = (home + _ONE) & last


@compile_for("int64(uint64[::1], int32[::1], int64, uint64, uint64, uint64[::1], int64[::1], int64[::1])")
def intern(
    known: Array, slots: Array, count: int, multiplier: Any, shift: Any, batch: Array, numbers: Array, new: Array
) -> int:
    """Number the keys of a batch as `StateIndex.intern` says; returns how many of them are new.

    `known` holds the words of key 0, then those of key 1, and has room for the whole batch; `batch` holds word 0 of all
    its keys, then word 1.
    """
    gap, first = np.uint64(numbers.size), np.uint64(count)
    size, words = first, np.uint64(batch.size // max(numbers.size, 1))
    for step in range(gap + _TWO * _AHEAD):
        if step < gap:
            prefetch(slots, np.int64(home_of(batch, step, gap, words, multiplier, shift)))
        if _AHEAD <= step < gap + _AHEAD:
            number = slots[home_of(batch, step - _AHEAD, gap, words, multiplier, shift)]
            if number >= 0:
                prefetch(known, np.int64(number) * np.int64(words))
        if step < _TWO * _AHEAD:
            continue
        row = step - _TWO * _AHEAD
        number = number_of(
            known, slots, size, home_of(batch, row, gap, words, multiplier, shift), batch, row, gap, words
        )
        if number == size:
            new[size - first] = np.int64(row)
            size += _ONE
        numbers[row] = np.int64(number)
    return int(size - first)


@part
def cell_of(keys: Array, at: Any, gap: Any, thread: Array, number: Any, rows: Array, cells: Array, words: Any) -> Any:
    """Return one thread's row and cell, as `Tables` says, for the key whose words begin at `at` and are `gap` apart."""
    row = ((keys[at + thread[number, _ZERO] * gap] >> thread[number, _ONE]) & thread[number, _TWO]) + thread[
        number, _THREE
    ]
    part = _ONE + words
    value = (keys[at + rows[row, part] * gap] >> rows[row, part + _ONE]) & rows[row, part + _TWO]
    cell = rows[row, _ZERO] + (value << rows[row, part + _THREE])  # most rows have one part; of none the mask is 0
    part += _FOUR
    while part < np.uint64(rows.shape[1]):
        mask = rows[row, part + _TWO]
        if mask == _ZERO:
            break
        stride = rows[row, part + _THREE]
        if stride > _WIDEST:  # -1: another block begins
            cell, stride = cells[cell, _ZERO], _ZERO
        cell += ((keys[at + rows[row, part] * gap] >> rows[row, part + _ONE]) & mask) << stride
        part += _FOUR
    return row, cell


@compile_for(f"int64(uint64[::1], int64, {TABLES}, int64[:, ::1], int64[:, ::1])")
def locate(keys: Array, count: int, thread: Array, rows: Array, cells: Array, row_at: Array, cell_at: Array) -> int:
    """Find each thread's row and cell in each state as `Tables.find` says; returns how many cells are unfilled.

    `keys` holds word 0 of all keys, then word 1.
    """
    missing, gap, words = 0, np.uint64(count), np.uint64(keys.size // max(count, 1))
    for number in range(np.uint64(thread.shape[0])):
        for state in range(gap):
            row, cell = cell_of(keys, state, gap, thread, number, rows, cells, words)
            row_at[number, state], cell_at[number, state] = np.int64(row), np.int64(cell)
            missing += cells[cell, _ONE] == _UNFILLED
    return missing


@compile_for(
    f"int64(int64[::1], uint64[::1], int64, {TABLES}, uint64[:, ::1],"
    " uint64[:, ::1], int64[::1], uint16[::1], int64[::1], int64[::1], uint64[::1], int64[:, ::1])"
)
def emit(
    cursor: Array, keys: Array, count: int, thread: Array, rows: Array, cells: Array, slots: Array,
    after: Array, sources: Array, labels: Array, enabled: Array, degrees: Array, row_of: Array, cell_at: Array,
) -> int:  # fmt: skip
    """Write every transition as `Expander` says; returns 1 when the next state has an unfilled cell.

    `cursor` holds the next state to step and how many transitions are written; `slots` has for each thread and result
    the thread, the result and the label. `row_of` is room for a number for each thread.
    """
    gap, words, found = np.uint64(count), np.uint64(after.shape[0]), np.uint64(cursor[1])
    state, code = np.uint64(cursor[0]), 0
    while state < gap:
        for number in range(np.uint64(thread.shape[0])):
            row, cell = cell_of(keys, state, gap, thread, number, rows, cells, words)
            row_of[number], cell_at[number, state] = row, np.int64(cell)
            if cells[cell, _ONE] == _UNFILLED:
                code = 1
        if code:
            break
        moving, begin = 0, found
        for slot in range(np.uint64(slots.shape[0])):
            number, result = slots[slot, _ZERO], slots[slot, _ONE]
            cell, place = np.uint64(cell_at[number, state]), _ONE + result * words
            if result == _ZERO:
                for before in range(begin, found):
                    degrees[before] = np.int64(found - begin)
                begin = found
            if cells[cell, place] > _LARGEST:
                continue
            moving += result == _ZERO
            row = row_of[number]
            for word in range(words):
                after[word, found] = (keys[state + word * gap] & rows[row, _ONE + word]) | cells[cell, place + word]
            sources[found], labels[found] = np.int64(state), np.uint16(slots[slot, _TWO])
            found += _ONE
        for before in range(begin, found):
            degrees[before] = np.int64(found - begin)
        enabled[state] = moving
        state += _ONE
    cursor[0], cursor[1] = np.int64(state), np.int64(found)
    return code


_ROWS = "uint64[:, ::1], int64, int64, int64[:, ::1], uint64, uint64"
_NEAR = np.uint64(12)
"""The same for rows, where each wait is for several lines."""


@compile_for(f"int64({_ROWS}, uint64[:, ::1], uint64[:, ::1], int64[::1], int64[::1], uint64[::1], uint64[::1])")
def absorb(
    rows: Array, width: int, known: int, slots: Array, multiplier: Any, shift: Any, batch: Array, amounts: Array,
    sources: Array, new: Array, homes: Array, numbers: Array,
) -> int:  # fmt: skip
    """Number the keys of a batch and add what arrives with each, as `Rows.add` says; returns how many keys are new.

    `homes` and `numbers` are rings for keys under way: of a size that is a power of two above twice `_NEAR`.
    """
    count, last, first = np.uint64(batch.shape[1]), np.uint64(slots.shape[0] - 1), np.uint64(known)
    words, columns, size = np.uint64(width), np.uint64(rows.shape[1] - width), first
    ring = np.uint64(homes.size - 1)
    flat, table = rows.reshape(-1), slots.reshape(-1)
    for step in range(count + _TWO * _NEAR):
        if step < count:
            mixed = batch[_ZERO, step] * multiplier
            for word in range(_ONE, words):
                mixed = (mixed ^ (mixed >> _HALF) ^ batch[word, step]) * multiplier
            homes[step & ring] = mixed >> shift
            prefetch(table, np.int64((mixed >> shift) * _TWO))
        if _NEAR <= step < count + _NEAR:
            row = step - _NEAR
            place, key = homes[row & ring], np.int64(batch[_ZERO, row])
            while True:
                number = np.uint64(slots[place, _ONE])
                if slots[place, _ONE] < 0:
                    slots[place, _ZERO], slots[place, _ONE] = key, np.int64(size)
                    for word in range(words):
                        rows[size, word] = batch[word, row]
                    new[size - first] = np.int64(row)
                    number = size
                    size += _ONE
                    break
                if slots[place, _ZERO] == key:
                    same = True
                    for word in range(_ONE, words):
                        same = same and rows[number, word] == batch[word, row]
                    if same:
                        break
                place = (place + _ONE) & last
            numbers[row & ring] = number
            prefetch(flat, np.int64(number) * rows.shape[1])
            prefetch(flat, np.int64(number) * rows.shape[1] + rows.shape[1] - 1)
        if step >= _TWO * _NEAR:
            row = step - _TWO * _NEAR
            number, source = numbers[row & ring], np.uint64(sources[row])
            for column in range(columns):
                rows[number, words + column] += amounts[source, column]
    return int(size - first)


@compile_for(f"void({_ROWS})")
def place(rows: Array, words: int, size: int, slots: Array, multiplier: Any, shift: Any) -> None:
    """Put all keys into empty slots."""
    for number in range(size):
        mixed = rows[number, 0] * multiplier
        for word in range(1, words):
            mixed = (mixed ^ (mixed >> _HALF) ^ rows[number, word]) * multiplier
        slot = np.int64(mixed >> shift)
        while slots[slot, 1] >= 0:
            slot = (slot + 1) & (slots.shape[0] - 1)
        slots[slot, 0], slots[slot, 1] = np.int64(rows[number, 0]), number
