"""How a batch went and the slope of its logits, compiled: equal to what torch makes of them in float64."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ntm_core import kernels
from ntm_core.training import judge
from tests.core.builders import small_model

CPU = torch.device("cpu")
HARD = (0.0, -0.0, 1e-4, -1e-4, 17.0, -17.0, 90.0, -90.0, 1e30, -1e30, math.nan)


@pytest.fixture(scope="module")
def compiled():
    return kernels.judge_of(small_model(kernel="auto"), CPU)


def check(compiled, logits, targets, mask):
    wanted_figures, wanted_slopes = (each.float() for each in judge(logits.double(), targets.double(), mask.double()))
    figures, slopes = compiled(logits, targets, mask)
    torch.testing.assert_close(figures, wanted_figures, rtol=1e-6, atol=1e-30, equal_nan=True)
    torch.testing.assert_close(slopes, wanted_slopes, rtol=1e-6, atol=1e-30, equal_nan=True)


@given(seed=st.integers(0, 2**31), time=st.integers(1, 9), batch=st.integers(1, 5), outputs=st.integers(1, 9))
def test_the_compiled_judge_agrees_with_torch(compiled, seed, time, batch, outputs):
    generator = torch.Generator().manual_seed(seed)
    logits = 8 * torch.randn(time, batch, outputs, generator=generator)
    targets = torch.randint(0, 2, logits.shape, generator=generator).float()
    mask = torch.randint(0, 2, (time, batch), generator=generator).float()  # some sequence may not be scored at all
    check(compiled, logits, targets, mask)
    check(compiled, logits.mT.contiguous().mT, targets, mask)


@pytest.mark.parametrize("target", [0.0, 1.0])
@pytest.mark.parametrize("is_scored", [0.0, 1.0])
def test_hard_numbers_are_judged_as_torch_judges_them(compiled, target, is_scored):
    logits = torch.tensor(HARD).view(1, -1, 1)  # each a sequence of its own
    mask = torch.full((1, len(HARD)), is_scored)
    check(compiled, logits, torch.full_like(logits, target), mask)


@pytest.mark.parametrize("logit", [math.inf, -math.inf])
@pytest.mark.parametrize("target", [0.0, 1.0])
def test_a_logit_without_bounds_leaves_no_finite_loss(compiled, logit, target):
    where = torch.tensor([0.5, logit]).view(2, 1, 1)
    figures, _ = compiled(where, torch.full_like(where, target), torch.ones(2, 1))
    wanted, _ = judge(where, torch.full_like(where, target), torch.ones(2, 1))
    assert math.isfinite(figures[0]) == math.isfinite(wanted[0])


def test_there_is_a_compiled_judge_only_where_the_steps_are_compiled():
    for model, device in ((small_model(kernel="eager"), "cpu"), (small_model(kernel="auto"), "cuda")):
        assert kernels.judge_of(model, torch.device(device)) is None
