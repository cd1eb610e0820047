"""Numbers and names as people read them: three significant digits, a true minus sign, thin gaps between thousands."""

from __future__ import annotations

import math

from ntm_core import registry


def short(value: float) -> str:
    """Three significant digits with a true minus sign; very large and very small ones as powers of ten."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    if value == 0:
        return "0"
    magnitude = abs(value)
    if not 1e-4 <= magnitude < 1e6:
        text = f"{value:.2e}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
    elif magnitude >= 1000:
        text = grouped(round(value))
    else:
        digits = max(0, 2 - math.floor(math.log10(magnitude)))
        text = f"{value:.{digits}f}"
    return text.replace("-", "−")


def signed(value: float) -> str:
    """`short` with a plus sign where it is above zero."""
    return ("+" if value > 0 else "") + short(value)


def grouped(count: int) -> str:
    """14850 as "14 850", in groups of three behind a thin space."""
    return f"{count:,}".replace(",", "\u2009").replace("-", "−")


def skips(count: int) -> str:
    """How many updates of a training were not applied."""
    return f"{grouped(count)} update{'' if count == 1 else 's'} skipped"


def task_name(name: str) -> str:
    """What people call a task, within a sentence."""
    entry = registry.tasks().get(name)
    return name if entry is None else entry.title[0].lower() + entry.title[1:]


def size_on_disk(count: int) -> str:
    """A number of bytes in the unit that suits it."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{short(amount)} {unit}" if unit != "B" else f"{count} B"
        amount /= 1000
    return f"{short(amount)} TB"


def offset_label(offset: int) -> str:
    return f"+{offset}" if offset > 0 else str(offset).replace("-", "−")


def share(value: float) -> str:
    """A weighting of a row: three decimals, the least that can be told from nothing."""
    if math.isnan(value):
        return "NaN"
    return "< 0.001" if 0 < value < 0.001 else f"{value:.3f}".replace("-", "−")


def tick(value: float) -> str:
    """A number on an axis: no more digits than it needs."""
    if abs(value) >= 1e4:
        return grouped(round(value))
    text = f"{value:.6g}"
    return (text if len(text) <= 5 else f"{value:.3g}").replace("-", "−")
