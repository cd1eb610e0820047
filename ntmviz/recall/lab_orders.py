"""Orders of the engine process that ask something of the recall lab and move no network, each answered by one piece of
news.

{"order": "noise", "words", "noise", "strength", "rounds", "trials"} -> {"news": "noise", "noise", "once", "chained"}
{"order": "scenes", "demonstration", "seed"} -> {"news": "scenes", ...} as `demo_charts.scenes` tells them
{"order": "shown", "demonstration", "seed"} -> {"news": "shown", "name", "sentence", "note", "charts"}
{"order": "patient", "path"} -> {"news": "shown", "name": "patient", ...}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NEWS = ("noise", "scenes", "shown")


def orders(tell: Callable[..., None]) -> dict[str, Callable[[Mapping[str, Any]], None]]:
    """By name; what they need is imported when one is first given."""

    def noise(order: Mapping[str, Any]) -> None:
        from ntm_core.recall.completion import correction

        words, share = np.asarray(order["words"], np.float32), float(order["noise"])
        strength, trials = float(order["strength"]), int(order["trials"])
        found = [
            float(correction(words, (share,), strength=strength, trials=trials, rounds=rounds).exact[0])
            for rounds in (1, int(order["rounds"]))
        ]
        tell("noise", noise=share, once=found[0], chained=found[1])

    def scenes(order: Mapping[str, Any]) -> None:
        from ntmviz.recall import demo_charts

        tell("scenes", **demo_charts.scenes(str(order["demonstration"]), int(order["seed"])))

    def shown(order: Mapping[str, Any]) -> None:
        from ntmviz.recall import demo_charts

        told = demo_charts.shown(str(order["demonstration"]), int(order["seed"]))
        charts = [chart.to_json() for chart in told.charts]
        tell("shown", name=order["demonstration"], sentence=told.sentence, note=told.note, charts=charts)

    def patient(order: Mapping[str, Any]) -> None:
        from ntmviz.recall.patient_table import examined

        told = examined(str(order["path"]))
        charts = [chart.to_json() for chart in told.charts]
        tell("shown", name="patient", sentence=told.sentence, note=told.note, charts=charts)

    return {"noise": noise, "scenes": scenes, "shown": shown, "patient": patient}
