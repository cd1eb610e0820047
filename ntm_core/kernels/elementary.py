"""Elementary functions that a compiler turns into vector instructions, where the C library's take one number each.

float32 to 2 units in the last place, by a power of 2 and a short series around 0; float64 is left to the C library.
NaN stays NaN. All are called from compiled code alone.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import overload

from ntm_core.kernels.compiling import in_order, instructions

_BITS, _FLOAT = ir.IntType(32), ir.FloatType()
_LOG2_E = np.float32(math.log2(math.e))
# ln 2 in two parts: the first times any exponent is exact.
_LN2_HIGH, _LN2_LOW = np.float32(0.693359375), np.float32(math.log(2) - 0.693359375)
_ROUND = np.float32(1.5 * 2**23)
"""Added to a number it leaves the nearest whole one in the low bits."""
_LOWEST, _HIGHEST = np.float32(-87.3), np.float32(88.3)
"""Between them exp is a normal float32."""
_TANH_ENDS = np.float32(20.0)
"""Of twice the argument: beyond, tanh is 1."""
_ROOT_HALF_BITS = 0x3F3504F3
_1, _2, _3, _4, _5, _6, _7, _9 = (np.float32(number) for number in (1, 2, 3, 4, 5, 6, 7, 9))
_E2, _E3, _E4, _E5, _E6, _E7 = (np.float32(1 / math.factorial(n)) for n in range(2, 8))
_L3, _L5, _L7, _L9 = (np.float32(2 / n) for n in (3, 5, 7, 9))


@instructions
def _power_of_2(context: Any, rounded: Any) -> Any:
    """2^n, where `rounded` is n + _ROUND."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        bits = builder.shl(builder.bitcast(arguments[0], _BITS), _BITS(23))
        return builder.bitcast(builder.add(bits, _BITS(127 << 23)), _FLOAT)

    return types.float32(types.float32), build


@instructions
def _exponent(context: Any, x: Any) -> Any:
    """The n of x = m 2^n with m between the root of a half and the root of 2; a float32."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        bits = builder.sub(builder.bitcast(arguments[0], _BITS), _BITS(_ROOT_HALF_BITS))
        return builder.sitofp(builder.ashr(bits, _BITS(23)), _FLOAT)

    return types.float32(types.float32), build


@instructions
def _mantissa(context: Any, x: Any) -> Any:
    """The m of x = m 2^n, as for `_exponent`."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        bits = builder.bitcast(arguments[0], _BITS)
        exponent = builder.ashr(builder.sub(bits, _BITS(_ROOT_HALF_BITS)), _BITS(23))
        return builder.bitcast(builder.sub(bits, builder.shl(exponent, _BITS(23))), _FLOAT)

    return types.float32(types.float32), build


@in_order
def _exp32(x: Any) -> Any:
    x = _LOWEST if x < _LOWEST else x
    x = _HIGHEST if x > _HIGHEST else x
    rounded = x * _LOG2_E + _ROUND
    n = rounded - _ROUND
    r = (x - n * _LN2_HIGH) - n * _LN2_LOW
    series = _E5 + r * (_E6 + r * _E7)
    series = _E2 + r * (_E3 + r * (_E4 + r * series))
    return (_1 + (r + r * r * series)) * _power_of_2(rounded)


@in_order
def _tanh32(x: Any) -> Any:
    # By exp(2 x) - 1, of which no digit is lost around 0.
    x = x + x
    x = -_TANH_ENDS if x < -_TANH_ENDS else x
    x = _TANH_ENDS if x > _TANH_ENDS else x
    rounded = x * _LOG2_E + _ROUND
    n = rounded - _ROUND
    r = (x - n * _LN2_HIGH) - n * _LN2_LOW
    series = _E5 + r * (_E6 + r * _E7)
    series = _E2 + r * (_E3 + r * (_E4 + r * series))
    power = _power_of_2(rounded)
    above_one = (r + r * r * series) * power + (power - _1)
    return above_one / (above_one + _2)


@in_order
def _log32(x: Any) -> Any:
    # Of normal positive numbers. ln m = 2 artanh((m - 1) / (m + 1)).
    n, m = _exponent(x), _mantissa(x)
    s = (m - _1) / (m + _1)
    square = s * s
    series = square * (_L3 + square * (_L5 + square * (_L7 + square * _L9)))
    lost = x - x  # 0, or NaN where the bits of x meant no number
    return n * _LN2_HIGH + ((s * (_2 + series) + n * _LN2_LOW) + lost)


def exp(x: Any) -> Any:
    """In float32 at least 1e-38 and at most 2e38."""
    raise NotImplementedError


def log(x: Any) -> Any:
    """Of normal positive numbers."""
    raise NotImplementedError


def tanh(x: Any) -> Any:
    """No digit is lost around 0."""
    raise NotImplementedError


def softplus(x: Any) -> Any:
    """ln(1 + e^x), and x above 20 as in torch."""
    raise NotImplementedError


@in_order
def softplus_slope(value: Any) -> Any:
    """Of softplus where it has a value; 1 above 20, as in torch."""
    return -math.expm1(-value) if value < 20 else 1.0


def _of_kind(x: Any, single: Any, double: Any) -> Any:
    kind = single if x == types.float32 else double

    def value(x: Any) -> Any:
        return kind(x)

    return value


@overload(exp)
def _exp(x: Any) -> Any:
    return _of_kind(x, _exp32, math.exp)


@overload(log)
def _log(x: Any) -> Any:
    return _of_kind(x, _log32, math.log)


@overload(tanh)
def _tanh(x: Any) -> Any:
    return _of_kind(x, _tanh32, math.tanh)


@overload(softplus)
def _softplus(x: Any) -> Any:
    real = np.float32 if x == types.float32 else np.float64
    twenty = real(20)

    def value(x: Any) -> Any:
        return x if x > twenty else real(math.log1p(math.exp(x)))

    return value
