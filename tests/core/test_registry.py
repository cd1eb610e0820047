"""Networks and tasks by name, those of other packages among them."""

import logging
from importlib.metadata import EntryPoint

import pytest

from ntm_core import models, registry, tasks
from ntm_core.registry import Model, Task

OURS = Model("One of another package", "ntm_core.lstm_config:LSTMConfig", "ntm_core.lstm:LSTMBaseline")
OUR_TASK = Task("Another task", "ntm_core.tasks.copy:CopyConfig", "ntm_core.tasks.copy:Copy")
NOTHING = object()


@pytest.fixture
def installed(monkeypatch):
    """Entry points as an installed package would declare them; `group` -> places."""
    points = {}
    monkeypatch.setattr(registry, "entry_points", lambda *, group: points.get(group, []))
    registry._added.cache_clear()
    yield points
    registry._added.cache_clear()


def point(name, place, group="ntmviz.models"):
    return EntryPoint(name, place, group)


def test_another_package_adds_a_model_and_a_task_by_entry_points(installed):
    installed["ntmviz.models"] = [point("theirs", f"{__name__}:OURS")]
    installed["ntmviz.tasks"] = [point("their_task", f"{__name__}:OUR_TASK", "ntmviz.tasks")]
    assert list(registry.models())[-1] == "theirs"
    task = tasks.build("their_task", max_length=3)
    model = models.build("theirs", task.inputs, task.outputs, seed=0, hidden_size=4)
    assert model.config.hidden_size == 4


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("no_such_package.models:THING", "is skipped: No module named 'no_such_package'"),
        (f"{__name__}:MISSING", "is skipped: module"),
        (f"{__name__}:NOTHING", "a ntm_core.registry.Model was wanted"),
    ],
)
def test_one_that_fails_to_load_is_named_and_skipped(installed, caplog, place, told):
    installed["ntmviz.models"] = [point("broken", place), point("theirs", f"{__name__}:OURS")]
    with caplog.at_level(logging.WARNING):
        known = registry.models()
    assert "broken" not in known
    assert "theirs" in known
    (record,) = caplog.records
    assert told in record.getMessage()
    assert place in record.getMessage()
