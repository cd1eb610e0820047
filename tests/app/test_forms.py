"""Forms are made from the settings of models, tasks and trainings, whatever they are."""

import json
import subprocess
import sys
from enum import StrEnum

import numpy as np
import pytest
from safetensors.numpy import save_file

from ntm_core import checkpoints, models, registry
from ntm_core.settings import described
from ntm_core.train_config import TrainConfig
from ntmviz.network_dialog import NetworkDialog
from ntmviz.network_form import NetworkForm
from ntmviz.settings import new_session_path
from ntmviz.settings_form import SettingsForm
from ntmviz.training_dialog import TrainingDialog

KINDS = {
    **{f"model {name}": entry.config for name, entry in registry.models().items()},
    **{f"task {name}": entry.config for name, entry in registry.tasks().items()},
    "training": TrainConfig,
}


@pytest.fixture
def form(qtbot, qapp):
    made = NetworkForm(has_training=True)
    qtbot.addWidget(made)
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_a_form_shows_every_setting_at_its_default_and_takes_others(qtbot, qapp, kind):
    made = SettingsForm()
    qtbot.addWidget(made)
    made.show_settings(KINDS[kind])
    settings = described(KINDS[kind])
    assert made.values == {each.name: each.default for each in settings}
    assert made.changes == {}
    for each in settings:
        other = {bool: not each.default, int: int(each.low or 0) + 3, float: 0.25}.get(each.kind)
        if issubclass(each.kind, StrEnum):
            other = str(list(each.kind)[-1])
        made.set(each.name, other)
        assert made.values[each.name] == other, each.name
        assert each.checked(made.values[each.name]) == other


def test_every_setting_has_a_label_of_its_own():
    for kind in KINDS.values():
        texts = [each.text for each in described(kind)]
        assert len(set(texts)) == len(texts)
        assert all(text[0].isupper() and not text.endswith(".") for text in texts)


def test_every_model_and_task_of_the_registry_can_be_chosen(form):
    assert [form.models.itemData(at) for at in range(form.models.count())] == list(registry.models())
    assert [form.tasks.itemData(at) for at in range(form.tasks.count())] == list(registry.tasks())
    for model in registry.models():
        for task in registry.tasks():
            form.choose(model=model, task=task)
            assert (form.model_name, form.task_name, form.problem) == (model, task, "")
            assert set(form.network.values) == {each.name for each in described(registry.model(model).config)}


def test_a_task_brings_its_own_settings_of_training(form):
    form.choose(task="repeat_copy")
    assert form.training.values["decay_sequences"] == registry.task("repeat_copy").train["decay_sequences"]
    form.choose(task="copy")
    assert form.training.values["decay_sequences"] == TrainConfig().decay_sequences


def test_settings_that_cannot_be_are_told_of_in_place(qtbot, qapp):
    dialog = TrainingDialog()
    qtbot.addWidget(dialog)
    dialog.form.task.set("min_length", 30)
    assert not dialog.start.isEnabled()
    assert dialog.form.problem == "max_length is at least min_length, 30; got 20"
    dialog.form.task.set("max_length", 30)
    assert dialog.start.isEnabled()
    dialog.form.network.set("segments", 3)
    assert "divides locations, 128; got 3" in dialog.form.problem


@pytest.mark.parametrize("dialog_of", [TrainingDialog, NetworkDialog])
def test_sizes_that_no_memory_holds_are_told_of_in_place(dialog_of, qtbot, qapp):
    dialog = dialog_of()
    qtbot.addWidget(dialog)
    dialog.form.network.set("locations", 2**31 - 1)
    dialog.form.network.set("word_size", 10**6)
    dialog.form.network.set("first_memory", "learned")
    assert not dialog.start.isEnabled()
    assert "does not fit in memory" in dialog.form.problem
    assert "make locations, 2147483647, smaller" in dialog.form.problem
    dialog.form.network.set("locations", 128)
    dialog.form.network.set("word_size", 20)
    assert dialog.start.isEnabled()


def test_a_dialog_gives_the_options_of_a_training(qtbot, qapp):
    dialog = TrainingDialog()
    qtbot.addWidget(dialog)
    dialog.form.choose(model="dnc", task="associative_recall")
    dialog.form.network.set("read_heads", 2)
    dialog.form.task.set("max_items", 4)
    dialog.form.training.set("batch", 8)
    dialog.form.seed.setValue(3)
    options = dialog.options(new_session_path)
    assert (options.model, options.task, options.seed) == ("dnc", "associative_recall", 3)
    assert (options.model_settings, options.task_settings) == ({"read_heads": 2}, {"max_items": 4})
    assert options.train["batch"] == 8
    assert "associative_recall" in options.out


def test_weights_fix_what_they_were_learned_with_and_find_bits_that_fit(qtbot, qapp, tmp_path):
    path = tmp_path / "learned.safetensors"
    path.write_bytes(checkpoints.save(models.build("ntm", 5, 4, seed=0, locations=16, prominence=0.5)))
    dialog = NetworkDialog()
    qtbot.addWidget(dialog)
    dialog.take_file(path)
    form = dialog.form
    assert (form.model_name, form.network.values["locations"], form.task.values["bits"]) == ("ntm", 16, 4)
    assert not form.models.isEnabled()
    assert dialog.start.isEnabled()
    form.network.set("order", "write_first")
    settings = dialog.options["model_settings"]
    assert (settings["order"], settings["prominence"]) == ("write_first", 0.5)
    assert "locations" not in settings
    form.choose(task="ngrams")
    assert "the weights have 5 inputs and 4 outputs" in form.problem
    assert not dialog.start.isEnabled()
    dialog.forget_file()
    assert form.models.isEnabled() and dialog.start.isEnabled()
    assert dialog.options["weights"] is None


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"config": {}}, "a model is one of"),
        ({"model": ["ntm"], "config": {}}, "a model is one of"),
        ({"model": "ntm"}, "got None"),
        ({"model": "ntm", "config": [1]}, "got [1]"),
        ({"model": "ntm", "config": {"inputs": 4, "outputs": 3, "locations": "many"}}, "got 'many'"),
        ({"model": "ntm", "config": {"inputs": [4], "outputs": 3}}, "got [4]"),
    ],
)
def test_a_file_whose_settings_are_wrong_is_told_of_in_place(qtbot, qapp, tmp_path, settings, said):
    path = tmp_path / "made_by_hand.safetensors"
    save_file({"a": np.ones(1)}, path, {"ntm_core": json.dumps({"format": 1} | settings)})
    dialog = NetworkDialog()
    qtbot.addWidget(dialog)
    dialog.take_file(path)
    assert said in dialog._about.toolTip()
    assert "\n" not in dialog._about.toolTip()
    assert dialog.options["weights"] is None


def test_the_settings_of_all_that_there_is_need_no_torch():
    script = """
import sys
from ntm_core import registry
for entry in [*registry.models().values(), *registry.tasks().values()]:
    entry.config
for entry in registry.tasks().values():
    entry.task(entry.config())
print("torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
