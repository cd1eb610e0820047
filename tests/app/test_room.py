"""Whether there is memory: what a new network by hand would take, and what is free."""

import pytest

from ntmviz import room
from ntmviz.errors import NtmvizError
from ntmviz.hand import Hand
from tests.app.lines import check_line


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"model_settings": {"hidden_size": 10**11}}, f"make hidden_size, {10**11}, smaller"),
        ({"task_settings": {"bits": 10**10}}, f"make task.bits, {10**10}, smaller"),
        ({"model": "lstm", "model_settings": {"layers": 10**9}}, f"make layers, {10**9}, smaller"),
    ],
    ids=["hidden_size", "bits", "layers"],
)
def test_a_new_network_by_hand_that_no_memory_holds_is_said_in_one_line(options, said, tmp_path):
    with pytest.raises(NtmvizError) as caught:
        Hand.of_new_network(options, tmp_path / "hand.h5")
    check_line(str(caught.value), "does not fit in memory", said)
    assert list(tmp_path.iterdir()) == []


def test_a_control_group_leaves_what_it_may_take_beside_what_it_could_give_back(tmp_path, monkeypatch):
    for name, content in (("max", "1000\n"), ("current", "900\n"), ("stat", "anon 5\ninactive_file 50\n")):
        (tmp_path / f"memory.{name}").write_text(content)
    (tmp_path / "cgroup.procs").touch()
    monkeypatch.setattr(room, "_GROUPS", tmp_path)
    assert room.free_bytes() == 150
