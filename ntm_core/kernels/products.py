"""Products of small matrices, where a call of a library costs more than the product.

Each number of a result is summed in one order, term after term, whatever the number of rows: a sequence comes out equal
to the bit alone and beside others. All are called from compiled code alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils as untyped

from ntm_core.kernels.compiling import in_order, instructions, loose, woven

ROWS = 4
"""Rows that are computed together: each number of the right matrix is loaded once for all of them."""
_WIDE, _NARROW, _HALF = 256, 64, 32
"""Bytes of columns whose sums stay in registers: of one row, of each of several rows, and of what is left of a row."""
_FUSED = ("contract",)


def _tile(rows: int, row_bytes: int) -> Any:
    """A function that adds to `rows` rows of `out`, from (row, column) on, so many bytes of columns of a product."""

    @instructions
    def add_tile(context: Any, out: Any, left: Any, right: Any, row: Any, column: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            number = context.get_value_type(out.dtype)
            size = context.get_abi_sizeof(number)
            lanes = ir.VectorType(number, row_bytes // size)
            *matrices, row, column = arguments
            kinds = signature.args[: len(matrices)]
            made = [
                context.make_array(kind)(context, builder, each) for kind, each in zip(kinds, matrices, strict=True)
            ]

            def at(matrix: Any, row: Any, column: Any) -> Any:
                width = builder.extract_value(matrix.shape, 1)
                return builder.gep(matrix.data, [builder.add(builder.mul(row, width), column)])

            def vector_at(matrix: Any, row: Any, column: Any) -> Any:
                return builder.bitcast(at(matrix, row, column), lanes.as_pointer())

            to, by, matrix = made
            each_row = [builder.add(row, row.type(offset)) for offset in range(rows)]
            places = [vector_at(to, each, column) for each in each_row]
            cgutils: Any = untyped
            sums = [cgutils.alloca_once_value(builder, builder.load(place, align=size)) for place in places]
            undefined = ir.Constant(lanes, ir.Undefined)
            first_lane = ir.Constant(ir.VectorType(ir.IntType(32), lanes.count), None)
            with cgutils.for_range(builder, builder.extract_value(matrix.shape, 0)) as inner:
                factors = builder.load(vector_at(matrix, inner.index, column), align=size)
                for each, total in zip(each_row, sums, strict=True):
                    lane = builder.insert_element(undefined, builder.load(at(by, each, inner.index)), row.type(0))
                    everywhere = builder.shuffle_vector(lane, undefined, first_lane)
                    product = builder.fmul(everywhere, factors, flags=_FUSED)
                    builder.store(builder.fadd(builder.load(total), product, flags=_FUSED), total)
            for place, total in zip(places, sums, strict=True):
                builder.store(builder.load(total), place, align=size)
            return context.get_dummy_value()

        return types.void(out, left, right, types.intp, types.intp), build

    return add_tile


_add_rows, _add_half_rows = _tile(ROWS, _NARROW), _tile(ROWS, _HALF)
_add_wide_row, _add_row, _add_half_row = _tile(1, _WIDE), _tile(1, _NARROW), _tile(1, _HALF)


@in_order
def _add_rest(out: Any, left: Any, right: Any, first: int, last: int, column: int) -> None:
    """The last columns, fewer than a tile has."""
    for row in range(first, last):
        for k in range(right.shape[0]):
            factor = left[row, k]
            for each in range(column, right.shape[1]):
                out[row, each] += factor * right[k, each]


@in_order
def add_product(out: Any, left: Any, right: Any) -> None:
    """Add left @ right to out.

    out: (rows, at least columns).   left: (rows, at least inner).   right: (inner, columns). All C-contiguous.
    """
    rows, columns = left.shape[0], right.shape[1]
    wide, narrow, half = _WIDE // right.itemsize, _NARROW // right.itemsize, _HALF // right.itemsize
    row = 0
    while row + ROWS <= rows:
        column = 0
        while column + narrow <= columns:
            _add_rows(out, left, right, row, column)
            column += narrow
        if column + half <= columns:
            _add_half_rows(out, left, right, row, column)
            column += half
        if column < columns:
            _add_rest(out, left, right, row, row + ROWS, column)
        row += ROWS
    while row < rows:
        column = 0
        while column + wide <= columns:
            _add_wide_row(out, left, right, row, column)
            column += wide
        while column + narrow <= columns:
            _add_row(out, left, right, row, column)
            column += narrow
        if column + half <= columns:
            _add_half_row(out, left, right, row, column)
            column += half
        if column < columns:
            _add_rest(out, left, right, row, row + 1, column)
        row += 1


@loose
def transpose(matrix: Any, out: Any) -> None:
    """Make the rows of a matrix the first columns of out."""
    for row in range(matrix.shape[1]):
        for column in range(matrix.shape[0]):
            out[row, column] = matrix[column, row]


@woven
def turned(matrix: Any, columns: int) -> Any:
    """A matrix's rows as columns of a new one, which has zeros where it has more of them."""
    made = np.zeros((matrix.shape[1], columns), matrix.dtype)
    transpose(matrix, made)
    return made


@loose
def add_outer(out: Any, left: Any, right: Any) -> None:
    """Add left^T @ right to out, where both have few rows.

    out: (rows, columns).   left: (inner, rows).   right: (inner, columns).
    """
    for row in range(out.shape[0]):
        for k in range(left.shape[0]):
            factor = left[k, row]
            for column in range(out.shape[1]):
                out[row, column] += factor * right[k, column]


@loose
def dot(left: Any, right: Any) -> Any:
    """The sum of products of two vectors of at least one number."""
    total = left[0] * right[0]
    for at in range(1, left.shape[0]):
        total += left[at] * right[at]
    return total


@loose
def add_dots(out: Any, left: Any, right: Any) -> None:
    """Add left @ right^T to out, of which each number is a long sum.

    out: (rows, columns).   left: (rows, inner).   right: (columns, inner).
    """
    zero = out.dtype.type(0)
    together = right.shape[0] // 4 * 4
    for row in range(left.shape[0]):
        for column in range(0, together, 4):  # each number of the left row is loaded once for all of them
            first, second, third, fourth = zero, zero, zero, zero
            for k in range(left.shape[1]):
                factor = left[row, k]
                first += factor * right[column, k]
                second += factor * right[column + 1, k]
                third += factor * right[column + 2, k]
                fourth += factor * right[column + 3, k]
            out[row, column] += first
            out[row, column + 1] += second
            out[row, column + 2] += third
            out[row, column + 3] += fourth
        for column in range(together, right.shape[0]):
            total = zero
            for k in range(left.shape[1]):
                total += left[row, k] * right[column, k]
            out[row, column] += total


@loose
def fill_dots(out: Any, left: Any, right: Any) -> None:
    """Make out left @ right^T; see `add_dots`."""
    for row in range(out.shape[0]):
        for column in range(out.shape[1]):
            out[row, column] = 0
    add_dots(out, left, right)
