"""Items from files, and what is said of files that have none."""

import h5py
import numpy as np
import pytest

from ntmviz.errors import NtmvizError
from ntmviz.recall.importing import MOST_ROWS, items_of
from ntmviz.recall.ready import of_items

WORDS = np.where(np.random.default_rng(0).random((5, 6)) < 0.5, -1.0, 1.0)


def test_a_table_gives_names_segments_and_numbers(tmp_path):
    path = tmp_path / "things.csv"
    path.write_text("name,segment,a,b,c\nwine,food,1,-1,0.5\n\n car ,travel,-1,1,1\nbread,,1,1,1\n")
    made = items_of(path)
    assert [(item.name, item.segment) for item in made] == [("wine", "food"), ("car", "travel"), ("bread", "Items")]
    assert made[0].word == (1, -1, 0.5)
    plan = of_items("lab", made)
    assert plan.options["model_settings"]["segments"] == "food 9, travel 9, Items 9"
    assert [store.segment for store in plan.operations] == [0, 1, 2]


def test_rows_of_a_dataset_and_of_an_array_are_items(tmp_path):
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["group/rows"] = WORDS
        file["text"] = "no numbers"
    np.save(tmp_path / "data.npy", WORDS)
    for path in (tmp_path / "data.h5", tmp_path / "data.npy"):
        made = items_of(path)
        assert [item.name for item in made] == [f"data {row}" for row in range(5)]
        assert np.array_equal([item.word for item in made], WORDS)


class Trap:
    """Runs something where it is unpickled."""

    def __reduce__(self):
        return (print, ("it ran",))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", b"wine,food,1,2\nbread,food,1\n", "equally many numbers were wanted; got 1 to 2"),
        ("a.csv", b"wine,food,1,x\nbread,food,1,2\ncar,x,1,y\n", "numbers were wanted from the third cell of line 3"),
        ("a.csv", b"wine,1\n", "a name, a segment and numbers were wanted in line 1; got 2 cells"),
        ("a.csv", b"", "there are none"),
        ("a.csv", b"wine,food,1,nan\n", "finite numbers were wanted"),
        ("a.csv", b"\xff\xfe\x00wine", "items cannot be read from this file"),
        ("a.npy", b"no array at all", "items cannot be read from this file"),
        ("a.h5", b"no HDF5", "this file cannot be read as HDF5"),
        ("a.txt", b"1 2 3", "a table (.csv), an array (.npy) or HDF5 (.h5) was wanted; got '.txt'"),
        ("gone.csv", None, "items cannot be read from this file"),
    ],
)
def test_what_holds_no_items_is_told_in_one_line(tmp_path, name, content, told):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(NtmvizError) as caught:
        items_of(path)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert name in str(caught.value)


def test_arrays_that_cannot_be_items_are_refused_and_nothing_in_them_runs(tmp_path, capsys):
    path = tmp_path / "a.npy"
    for values, told in (
        (np.zeros((2, 3, 4)), "rows of numbers were wanted"),
        (np.zeros((MOST_ROWS + 1, 4)), f"up to {MOST_ROWS} items were wanted"),
        (np.zeros((2, 1000)), "2 to 256 numbers an item were wanted; got 1000"),
        (np.array([["a", "b"]]), "rows of numbers were wanted"),
    ):
        np.save(path, values)
        with pytest.raises(NtmvizError, match="wanted") as caught:
            items_of(path)
        assert told in str(caught.value)
    np.save(path, np.array([Trap()], object), allow_pickle=True)
    with pytest.raises(NtmvizError):
        items_of(path)
    assert "it ran" not in capsys.readouterr().out


def test_a_link_out_of_an_HDF5_file_is_not_followed(tmp_path):
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["rows"] = WORDS
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["rows"] = h5py.ExternalLink("secret.h5", "rows")
    with pytest.raises(NtmvizError, match="this file has none"):
        items_of(tmp_path / "a.h5")
