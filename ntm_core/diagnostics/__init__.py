"""What tells how a network uses its memory: named series over the steps of an episode, and when they are alarms.

Each is computed from any `trace.Source` by roles, never by a model's class, for whatever the trace has the arrays of.
NumPy only, in windows of bounded memory. `diagnostics.health` says in words what they amount to.
"""

from __future__ import annotations

from ntm_core.diagnostics.catalogue import available
from ntm_core.diagnostics.diagnostic import Alarm, Diagnostic
from ntm_core.diagnostics.iteration import of_iteration
from ntm_core.diagnostics.lag import Lags, lags
from ntm_core.diagnostics.measure import alarms, all_of, heads, series

__all__ = ["Alarm", "Diagnostic", "Lags", "alarms", "all_of", "available", "heads", "lags", "of_iteration", "series"]
