"""What is no session, or no whole one, is told in one line; nothing outside the file is touched."""

import json
import os
import shutil
import zlib

import h5py
import numpy as np
import pytest

import sessions
from ntm_core.trace import EpisodeInfo
from sessions import schema
from tests.sessions.traces import episode, tiny_spec


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A complete session of two sealed chunks and a bit, with a text and a checkpoint."""
    return record(tmp_path_factory.mktemp("good"))[0]


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory):
    """The same as it was before its writer closed it: with a tail, and marked as being written."""
    return record(tmp_path_factory.mktemp("unfinished"))[1]


def record(folder):
    path, before = folder / "good.ntmviz.h5", folder / "unfinished.ntmviz.h5"
    spec = tiny_spec()
    columns, initial = episode(spec, 150, 0)
    with sessions.Recorder(path, spec, {"title": "a session to be damaged"}) as recorder:
        recorder.begin_episode(EpisodeInfo(label="a label"), initial)
        recorder.append_steps(columns)
        recorder.end_episode(loss=0.5)
        recorder.log(1, loss=0.5)
        recorder.event("solved", text="it is")
        recorder.checkpoint(b"weights" * 1000, 1)
        assert recorder.flush(10)
        shutil.copy(path, before)
    return path, before


def replace(file, name, **settings):
    """Another dataset in the place of one."""
    del file[name]
    file.create_dataset(name, **settings)


def rewrite_header(file, change):
    plain = json.loads(file["header"][()].tobytes())
    change(plain)
    text = json.dumps(plain).encode()
    del file["header"]
    file.create_dataset("header", data=np.frombuffer(text, np.uint8)).attrs["crc32"] = np.uint32(zlib.crc32(text))


def rewrite_progress(file, **values):
    row = file["progress"][()]
    for name, value in values.items():
        row[name] = value
    file["progress"][()] = schema.seal(row)


def external(file):
    replace(file, "header", shape=(100,), dtype="u1", external=[("/etc/passwd", 0, 100)])


def external_column(file):
    del file["columns/gate"]
    create = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    create.set_external(b"/etc/passwd", 0, 1200)
    h5py.h5d.create(file["columns"].id, b"gate", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((150, 2)), create)


def virtual(file):
    del file["columns/gate"]
    layout = h5py.VirtualLayout((150, 2), "<f4")
    layout[:] = h5py.VirtualSource("other.h5", "gate", (150, 2))
    file.create_virtual_dataset("columns/gate", layout)


def external_link(file):
    del file["columns"]
    file["columns"] = h5py.ExternalLink("/etc/other.h5", "/columns")


def soft_link(file):
    del file["columns/gate"]
    file["columns/gate"] = h5py.SoftLink("/columns/mask")


CHANGES = {
    "no header": (lambda file: file.__delitem__("header"), "is no session of ntmviz"),
    "header of another type": (lambda file: replace(file, "header", data=[1.5]), "header of this session is not what"),
    "header elsewhere": (external, "stored in another file"),
    "header of the wrong checksum": (
        lambda file: file["header"].__setitem__(9, 0),
        "is damaged",
    ),
    "newer format": (
        lambda file: rewrite_header(file, lambda plain: plain.update(format=2)),
        "reads sessions up to format 1; found format 2. Update ntmviz",
    ),
    "an infinite format": (
        lambda file: rewrite_header(file, lambda plain: plain.update(format=float("inf"))),
        "is JSON that names its format; cannot convert float infinity to integer",
    ),
    "an infinite process": (
        lambda file: rewrite_header(file, lambda plain: plain["session"]["writer"].update(pid=float("inf"))),
        "names spec, session and chunk_steps; cannot convert float infinity to integer",
    ),
    "header without a spec": (
        lambda file: rewrite_header(file, lambda plain: plain.pop("spec")),
        "names spec, session",
    ),
    "a role that is not known": (
        lambda file: rewrite_header(file, lambda plain: plain["spec"]["fields"][0].update(role="magic")),
        "names spec, session and chunk_steps; 'magic'",
    ),
    "an absurd field": (
        lambda file: rewrite_header(file, lambda plain: plain["spec"]["fields"][0].update(shape=[2**20, 2**20])),
        "a step of 1 to",
    ),
    "an absurd chunk": (
        lambda file: rewrite_header(file, lambda plain: plain.update(chunk_steps=2**30)),
        "chunks of 64 steps were wanted",
    ),
    "a missing column": (lambda file: file.__delitem__("columns/gate"), "lacks the part 'gate'"),
    "a missing group": (lambda file: file.__delitem__("initial"), "lacks the part 'initial'"),
    "a group for a dataset": (
        lambda file: (file.__delitem__("tail"), file.create_group("tail")),
        "a dataset 'tail' was wanted; found something else",
    ),
    "a column of another type": (
        lambda file: replace(file, "columns/gate", shape=(150, 2), dtype="f8", chunks=(64, 2)),
        "dataset 'columns/gate': float32",
    ),
    "a column of an absurd chunk": (
        lambda file: replace(
            file, "columns/gate", shape=(150, 2), maxshape=(None, 2), dtype="f4", chunks=(2**28, 2), compression="gzip"
        ),
        "dataset 'columns/gate'",
    ),
    "a column in one piece": (
        lambda file: replace(file, "columns/gate", shape=(150, 2), dtype="f4"),
        "is not stored in chunks of this file",
    ),
    "a column of another filter": (
        lambda file: replace(
            file, "columns/gate", shape=(150, 2), maxshape=(None, 2), dtype="f4", chunks=(64, 2), compression="lzf"
        ),
        "filtered in a way that the format does not know",
    ),
    "text of variable length": (
        lambda file: replace(file, "texts", shape=(3,), maxshape=(None,), dtype=h5py.string_dtype(), chunks=(7,)),
        "dataset 'texts'",
    ),
    "a column elsewhere": (external_column, "is not stored in chunks of this file"),
    "a virtual column": (virtual, "is not stored in chunks of this file"),
    "a link out of the file": (external_link, "'columns' is a link to another place"),
    "a link within the file": (soft_link, "'gate' is a link to another place"),
    "more steps than there are": (lambda file: rewrite_progress(file, steps=10**12), "claims 1000000000000 steps"),
    "fewer steps than none": (lambda file: rewrite_progress(file, steps=-1, sealed=-1), "claims -1 steps"),
    "more episodes than there are": (lambda file: rewrite_progress(file, episodes=10**12), "names more rows"),
    "some episodes too many": (lambda file: rewrite_progress(file, episodes=9), "rows 0 to 9 were wanted; there are 1"),
    "a torn state": (lambda file: file["progress"].__setitem__("steps", 3), "the state of this session is damaged"),
    "a torn row": (lambda file: file["metrics"].__setitem__("iteration", 9), "row 0 of table 'metrics' is damaged"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_file_is_refused_with_its_reason(good, tmp_path, name):
    path = tmp_path / "changed.h5"
    shutil.copy(good, path)
    change, told = CHANGES[name]
    with h5py.File(path, "r+", libver=("v110", "v110")) as file:
        change(file)
    with pytest.raises(sessions.SessionError) as caught:
        sessions.open(path)
    assert told in str(caught.value)
    assert str(caught.value).endswith(f": {path}")
    assert "\n" not in str(caught.value)


def of_another_program(path):
    with h5py.File(path, "w") as file:
        file["weights"] = np.zeros(3)


def of_another_program_of_today(path):
    with h5py.File(path, "w", libver="latest") as file:
        file["weights"] = np.zeros(3)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda path: None, "cannot open the session: No such file or directory"),
        (lambda path: path.mkdir(), "a session file was wanted; this is a folder"),
        (lambda path: path.write_bytes(b""), "this file is empty"),
        (lambda path: path.write_bytes(b"loss,iteration\n1,2\n"), "is an HDF5 file; this is none"),
        (lambda path: path.write_bytes(schema.SIGNATURE), "cut short after 8 bytes"),
        (lambda path: path.write_bytes(schema.SIGNATURE + b"\3\0"), "damaged at its start"),
        (of_another_program, "this HDF5 file is no session of ntmviz"),
        (of_another_program_of_today, "this HDF5 file is no session of ntmviz"),
    ],
)
def test_what_is_no_session_is_told(tmp_path, make, told):
    path = tmp_path / "file.h5"
    make(path)
    with pytest.raises(sessions.SessionError) as caught:
        sessions.open(path)
    assert told in str(caught.value)
    assert str(caught.value).endswith(f": {path}")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_one_may_not_read_is_told(good, tmp_path):
    path = tmp_path / "secret.h5"
    shutil.copy(good, path)
    path.chmod(0)
    with pytest.raises(sessions.SessionError, match="Permission denied"):
        sessions.open(path)


def test_a_file_cut_short_anywhere_is_refused_or_shows_only_what_is_right(good, tmp_path):
    content = good.read_bytes()
    whole = read_all(good)
    path = tmp_path / "cut.h5"
    for length in np.linspace(1, len(content) - 1, 60).astype(int):
        path.write_bytes(content[:length])
        compare(path, whole)


@pytest.mark.parametrize(
    ("part", "look", "told"),
    [
        ("columns/gate", lambda recording: recording.episodes[0].record(3), "field 'gate' is damaged at steps 0 to 63"),
        ("initial/memory", lambda recording: recording.episodes[0].initial("memory"), "initial values of episode 0"),
        ("checkpoint_bytes", lambda recording: recording.checkpoints[0].read(), "checkpoint 0 is damaged"),
        ("text_bytes", lambda recording: recording.episodes[0].info, "text 0 is damaged"),
    ],
)
def test_other_numbers_in_the_place_of_recorded_ones_are_not_shown(good, tmp_path, part, look, told):
    path = tmp_path / "changed.h5"
    shutil.copy(good, path)
    with h5py.File(path, "r+", libver=("v110", "v110")) as file:
        file[part][0] = 7
    with sessions.open(path) as recording, pytest.raises(sessions.DamageError, match=told):
        look(recording)


@pytest.mark.parametrize("state", ["closed", "killed"])
def test_a_file_with_flipped_bytes_never_shows_other_numbers_and_never_hangs(good, unfinished, tmp_path, state):
    source = good if state == "closed" else unfinished
    content = np.frombuffer(source.read_bytes(), np.uint8)
    whole = read_all(source)
    generator = np.random.default_rng(5)
    path = tmp_path / "flipped.h5"
    found = 0
    for _ in range(150):
        damaged = content.copy()
        start = generator.integers(len(content))
        damaged[start : start + generator.integers(1, 40)] ^= np.uint8(generator.integers(1, 256))
        path.write_bytes(damaged.tobytes())
        found += compare(path, whole)
    assert found > 10


def read_all(path):
    """Everything a session shows, each part as bytes, or the error that it gives."""
    shown = {}

    def keep(name, read):
        try:
            shown[name] = read()
        except sessions.SessionError as error:
            assert "\n" not in str(error)
            shown[name] = error

    with sessions.open(path) as recording:
        first = recording.episodes[0]
        for field in recording.spec:
            keep(field.name, lambda field=field: first.series(field.name).tobytes())
        for field in recording.spec.carried:
            keep(f"initial {field.name}", lambda field=field: first.initial(field.name).tobytes())
        keep("info", lambda: repr(first.info))
        keep("metrics", lambda: recording.metrics["loss"].tolist())
        keep("event", lambda: recording.events[0].text)
        keep("checkpoint", lambda: recording.checkpoints[0].read())
        keep("session", lambda: repr(recording.info))
    return shown


def compare(path, whole):
    """Hold what a damaged file shows to what the whole one showed; whether it owned to any damage."""
    try:
        shown = read_all(path)
    except sessions.SessionError as error:
        assert "\n" not in str(error)
        return True
    differing = [name for name, value in shown.items() if value != whole[name]]
    assert all(isinstance(shown[name], sessions.DamageError) for name in differing), differing
    return bool(differing)


def test_a_session_that_claims_fewer_metrics_than_none_is_whole_at_once(path):
    """What reads on until all is there comes to an end."""
    with sessions.Recorder(path, tiny_spec()) as recorder:
        recorder.log(0, loss=1.0)
    with h5py.File(path, "r+") as file:
        rewrite_progress(file, metrics=-1)
    with sessions.open(path, metric_rows=10) as recording:
        assert recording.is_whole
        assert not recording.refresh()
