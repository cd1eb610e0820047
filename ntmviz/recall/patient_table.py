"""Patient HM's table of a session's network: wrong bits item by item under each lesion. Needs torch."""

from __future__ import annotations

from ntm_core import patient, seeding, tasks
from ntmviz.errors import NtmvizError
from ntmviz.recall.chart import TABLE, Chart, Series, Shown
from ntmviz.runs import load_model
from sessions import open as open_session

SEQUENCES, LONGEST, SEED = 64, 8, 3
NOTE = (
    "After Scoville and Milner (1957). HM was operated on in 1953, at 27, deliberately and on both sides; the amnesia "
    "was unforeseen, and what he held in mind for the moment was spared. The two networks that come along are a double "
    "dissociation: one is hurt by cut reads and not by a reset controller, the other the other way round."
)


def examined(path: str) -> Shown:
    """Try the lesions on the last checkpoint of a session.

    Raises SessionError or CoreError where there is none, or the task has no answers to count.
    """
    model = load_model(path)
    with open_session(path) as recording:
        info = recording.info
    settings = dict(info.task_settings)
    task = tasks.build(info.task, **settings)
    if (task.inputs, task.outputs) != (model.config.inputs, model.config.outputs):
        raise NtmvizError(f"a network that fits its session's task was wanted; this one does not: {path}")
    longest = settings.get("max_length", LONGEST)
    length = min(LONGEST, longest) if isinstance(longest, int) else LONGEST
    chart = patient.examine(model, task, task.sample(SEQUENCES, seeding.generator(SEED), length))
    cut = next(each.writes_from for each in chart.lesions if each.writes_from is not None)
    names = {"writes off": f"writes off from step {cut}"}
    series = tuple(
        Series(names.get(lesion.name, lesion.name), tuple(wrong.tolist()))
        for lesion, wrong in zip(chart.lesions, chart.wrong, strict=True)
    )
    labels = tuple(str(item) for item in range(1, chart.wrong.shape[1] + 1))
    title = "Wrong bits of each item, by lesion"
    table = Chart(TABLE, title, series, x=(patient.LOST,), x_title="item", labels=labels)
    told = chart.sentence
    if chart.is_dissociated:
        told += " Items written before writing was cut are recalled, those after it are lost."
    if chart.is_doubly_dissociated:
        told += " Cut reads lose both alike, a reset controller neither: a double dissociation."
    return Shown(told, NOTE, (table,))
