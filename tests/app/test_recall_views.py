"""The views show an associative memory that is worked by hand as they show any network: they go by roles."""

import numpy as np
import pytest

from ntm_core.recall import demonstrations
from ntm_core.recall.demonstrations.demonstration import played
from ntmviz import ink
from ntmviz.addressing_figure import addressing
from ntmviz.damage import bounds
from ntmviz.episode_figures import sequence
from ntmviz.field_figure import field_figure, shown_fields
from ntmviz.figures import heads, machine
from ntmviz.recall.noise_layout import NoiseFigure, noise_marks
from ntmviz.step_words import describe


@pytest.fixture(scope="module", params=["binding", "references"])
def source(request):
    scenes = demonstrations.named(request.param).scenes(0)
    return played(next(iter(scenes.values()))).source


def test_every_step_is_drawn_and_told_in_words(source):
    sequence(source)
    for step in range(-1, len(source)):
        assert machine(source, step) is not None
        for head in heads(source.spec):
            figure = addressing(source, step, head)
            if step >= 0:
                assert figure.stages[-1].values.shape == source.spec["memory"].shape[:1]
                assert describe(source, step, head).rows
        for field in shown_fields(source.spec):
            field_figure(source, step, field)


def test_the_stages_of_a_read_mix_to_its_weighting(source):
    reader = next(head for head in heads(source.spec) if head.kind == "read")
    for step in range(len(source)):
        *mixed, read = addressing(source, step, reader).stages
        total = sum(stage.share * stage.values for stage in mixed if stage.share is not None)
        if source.record(step)["read_weighting"].any():
            np.testing.assert_allclose(total, read.values, atol=1e-6)


@pytest.mark.parametrize("size", [(390, 280), (300, 150)])
def test_the_key_of_the_noise_curve_hides_none_of_it(size, qapp):
    share = np.linspace(0, 1, 11)
    marks = list(noise_marks(NoiseFigure(share / 2, 1 - share, 0.9 - share / 2, 480), *size))
    well = next(mark for mark in marks if isinstance(mark, ink.Box))
    names = [mark for mark in marks if isinstance(mark, ink.Text) and mark.text in ("chained", "one recall")]
    assert len(names) == 2 and all(bounds(name).bottom() <= well.y for name in names)
    assert all(bounds(name).right() < size[0] for name in names)
