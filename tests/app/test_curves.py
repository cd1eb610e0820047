"""Curves of a training: what is drawn of them, and that a curve grown bit by bit is the one drawn at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntmviz import curves
from ntmviz.curves import WINDOW, Curve, RunningMean, Thinning, running_mean


def noisy(count, seed, missing=0.0):
    chance = np.random.default_rng(seed)
    values = np.abs(0.7 * 0.999 ** np.arange(count) * chance.uniform(0.5, 1.5, count))
    values[chance.random(count) < missing] = np.nan
    return values


def test_a_long_curve_is_thinned_to_the_ends_of_each_stretch():
    values = np.sin(np.arange(10_007) / 50)
    values[1234], values[5678], values[10_006] = -9, 9, 7
    values[4000:4010] = np.nan
    kept = Thinning(most=100).kept(values, len(values))
    assert len(kept) <= 102
    assert (np.diff(kept) >= 0).all()
    assert {1234, 5678, 10_006} <= set(kept.tolist())
    assert np.isfinite(values[kept]).all()


def test_a_stretch_without_any_number_leaves_a_gap():
    values = np.ones(1000)
    values[300:400] = np.nan
    kept = Thinning(most=100).kept(values, len(values))
    assert np.isnan(values[kept]).any()


@pytest.mark.parametrize("window", [1, 3, 7, 21])
def test_the_running_mean_is_that_of_a_slow_loop(window):
    values = noisy(50, seed=1, missing=0.3)
    half = window // 2
    around = [values[max(0, at - half) : at + half + 1] for at in range(len(values))]
    expected = [np.nan if np.isnan(each).all() else np.nanmean(each) for each in around]
    np.testing.assert_allclose(running_mean(values, window), expected, rtol=1e-12)


@given(
    ends=st.lists(st.integers(1, 30_000), min_size=1, max_size=6),
    unsettled=st.integers(0, 300),
    missing=st.sampled_from((0.0, 0.2)),
)
def test_a_curve_thinned_as_it_grows_keeps_the_points_of_the_whole(ends, unsettled, missing):
    """Whatever the pieces were that its values came in, and though the last ones were others before."""
    values = noisy(max(ends), seed=len(ends), missing=missing)
    thinning = Thinning()
    for end in sorted(ends):
        settled = max(0, end - unsettled) if end < len(values) else end
        seen = values[:end].copy()
        seen[settled:] += 1
        kept = thinning.kept(seen, settled)
    assert np.array_equal(kept, Thinning().kept(values, len(values)))


def test_a_curve_has_its_values_above_the_floor_and_the_mean_of_their_logarithms():
    values = noisy(300, seed=3)
    values[[7, 200]] = 0
    each, mean = Curve(floor=1e-7).points(10 * np.arange(300), values)
    assert np.array_equal(each.x, 10 * np.arange(300))
    assert np.array_equal(each.y, np.maximum(values, 1e-7))
    expected = np.exp([np.log(each.y[max(0, at - 4) : at + 5]).mean() for at in range(300)])
    np.testing.assert_allclose(mean.y, expected, rtol=1e-9)


@given(sizes=st.lists(st.integers(1, 4000), min_size=2, max_size=8), seed=st.integers(0, 9))
def test_the_mean_of_a_long_curve_is_that_over_its_window(sizes, seed):
    values = noisy(sum(sizes) + 7000, seed, missing=0.1)
    mean, end = RunningMean(), 7000
    for size in sizes:
        mean.of(values[:end])
        end += size
    np.testing.assert_allclose(mean.of(values[:end]), running_mean(values[:end], WINDOW), rtol=1e-9, atol=1e-12)


def test_what_came_before_is_not_looked_at_again(monkeypatch):
    """A hundred more values cost about as much after a million as after ten thousand."""
    looked = []

    def counted(name):
        real = getattr(curves, name)

        def count(values, size):
            looked.append(len(values))
            return real(values, size)

        monkeypatch.setattr(curves, name, count)

    values = noisy(1_000_000, seed=0)
    iterations = np.arange(len(values))
    curve = Curve(1e-7)
    curve.points(iterations[:-100], values[:-100])
    counted("_ends")
    counted("running_mean")
    curve.points(iterations, values)
    assert sum(looked) < 10_000
