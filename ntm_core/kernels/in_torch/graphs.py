"""CUDA graphs: a whole sequence is asked of the device at once instead of operation by operation.

The one part that needs such a device, `_capture`, is given to `captured`, whose tests have another in its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ntm_core.kernels.in_torch.captured import Captures

if TYPE_CHECKING:
    from collections.abc import Callable

    from ntm_core.kernels.given import Parameters, State
    from ntm_core.kernels.in_torch.passes import Passes, Plain


def passes_for(plain: Plain, inputs: Tensor, state: State, weights: Parameters) -> Passes:
    """The passes over a sequence: captured where the device can do that, else the plain ones."""
    device = inputs.device
    # Tensors of other kinds have no numbers to copy; and a capture that is under way takes what runs plainly.
    if device.type != "cuda" or type(inputs) is not Tensor or torch.cuda.is_current_stream_capturing():
        return plain
    with torch.cuda.device(device):
        # Captured passes share room: on another stream they would not wait for each other.
        key = (plain, inputs.shape, inputs.dtype, device, torch.cuda.current_stream().cuda_stream)
        return _captures.lend(key, plain, inputs, state, weights)


def _capture(function: Callable[[], None]) -> Callable[[], None]:
    """See `captured.Capture`."""
    current = torch.cuda.current_stream()
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    stream.wait_stream(current)
    with torch.cuda.stream(stream):
        function()  # what libraries do when they are first called cannot be captured
    current.wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        function()
    return graph.replay


_captures = Captures(_capture)
