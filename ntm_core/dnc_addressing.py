"""How a DNC finds rows beside by content: which are free, and which were written one after another.

Free functions of tensors, batch first, from "Methods" of Graves et al. 2016 (Nature 538:471). There is one write head:
its weighting is (batch, locations), those of the read heads are (batch, reads, locations). A weighting sums to at most
1, and may sum to less. Links are a full matrix here; `sparse_links` has them with only the strongest kept.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ntm_core.usage import by_usage

LEAST_USAGE = 1e-6
"""What even a free row counts as used: its logarithm and the gradient of products stay finite."""
SHARPENING_FLOOR = 1e-6
"""Added to a weighting before it is sharpened, as in Csordas and Schmidhuber 2019."""


def oneplus(x: Tensor) -> Tensor:
    """1 + log(1 + e^x): at least 1 (Methods, "Interface parameters")."""
    return 1 + functional.softplus(x)


def retention(free_gate: Tensor, read_weighting: Tensor) -> Tensor:
    """What the free gates leave of each row: psi = prod_r (1 - f_r w_r).

    free_gate: (batch, reads), 0 to 1.   read_weighting: (batch, reads, locations), of the step before.
    Returns (batch, locations), 0 to 1.
    """
    # Head by head: the backward pass of a product over an axis asks the device for its zeros, and waits for them.
    freed = (free_gate.unsqueeze(-1) * read_weighting).unbind(1)
    kept = 1 - freed[0]
    for each in freed[1:]:
        kept = kept * (1 - each)
    return kept


def usage(previous: Tensor, write_weighting: Tensor, retention: Tensor) -> Tensor:
    """How much of each row is in use: u' = (u + w - u w) psi.

    previous: (batch, locations), 0 to 1.   write_weighting: of the step before, (batch, locations).   retention: this
    step's. Returns (batch, locations), 0 to 1. No gradient passes through the write weighting: the free gates alone
    learn from what usage does. The paper does not ask for this; DeepMind's own implementation does it.
    """
    written = write_weighting.detach()
    return (previous + (1 - previous) * written) * retention


def allocation(usage: Tensor) -> Tensor:
    """Where the free rows are: (1 - u) times the usage of all rows that are used less (eq. 1).

    usage: (batch, locations), 0 to 1. Returns the same shape, summing to at most 1. The order of rows, that of
    `by_usage`, has no gradient, as in the paper. Products are sums of logarithms, which `LEAST_USAGE` allows: the
    backward pass of a product waits for the device.
    """
    order = by_usage(usage)
    used = LEAST_USAGE + (1 - LEAST_USAGE) * usage
    logs = used.gather(-1, order).log()
    # Shifted, and not less its own: the gradient of a row that is hardly used would drown in the others' rounding.
    used_less = functional.pad(logs[..., :-1], (1, 0)).cumsum(-1).exp()
    free = (1 - LEAST_USAGE) * (1 - usage)  # 1 - used, without its rounding
    return free * torch.zeros_like(used_less).scatter(-1, order, used_less)


def write_weighting(content: Tensor, allocation: Tensor, allocation_gate: Tensor, write_gate: Tensor) -> Tensor:
    """Where to write: g_w (g_a a + (1 - g_a) c) (eq. 2).

    content, allocation: (batch, locations).   allocation_gate, write_gate: (batch, 1), 0 to 1.
    Returns (batch, locations), summing to at most the write gate.
    """
    return write_gate * torch.lerp(content, allocation, allocation_gate)


def linked(links: Tensor, write_weighting: Tensor, precedence: Tensor) -> Tensor:
    """The links after a write: L'[i, j] = (1 - w[i] - w[j]) L[i, j] + w[i] p[j], and no row is linked to itself.

    links: (batch, locations, locations), row i, column j: i was written right after j.   write_weighting: this step's,
    (batch, locations).   precedence: of the step before, (batch, locations).
    Returns the shape of links; rows and columns sum to at most 1.
    """
    later, earlier = write_weighting.unsqueeze(2), write_weighting.unsqueeze(1)
    after = torch.addcmul((1 - later - earlier) * links, later, precedence.unsqueeze(1))
    return after.diagonal_scatter(torch.zeros_like(precedence), dim1=1, dim2=2)


def precedence(previous: Tensor, write_weighting: Tensor) -> Tensor:
    """Which row was written last: p' = (1 - sum_i w[i]) p + w.

    previous, write_weighting: (batch, locations). Returns (batch, locations), summing to at most 1.
    """
    return (1 - write_weighting.sum(-1, keepdim=True)) * previous + write_weighting


def forward(links: Tensor, read_weighting: Tensor) -> Tensor:
    """On to what was written next: L w.

    links: (batch, locations, locations).   read_weighting: of the step before, (batch, reads, locations).
    Returns the shape of read_weighting, each summing to at most 1.
    """
    return torch.bmm(read_weighting, links.mT)


def backward(links: Tensor, read_weighting: Tensor) -> Tensor:
    """Back to what was written before: L^T w; arguments and result as of `forward`."""
    return torch.bmm(read_weighting, links)


def sharpen(weighting: Tensor, sharpness: Tensor) -> Tensor:
    """Undo the blur of following links: (d + eps)^s over its sum (Csordas and Schmidhuber 2019).

    weighting: (batch, reads, locations), at least 0.   sharpness: (batch, reads), at least 1.
    Returns the shape of weighting, each summing to 1, also where a weighting is 0 everywhere: it becomes uniform.
    """
    return torch.softmax((weighting + SHARPENING_FLOOR).log() * sharpness.unsqueeze(-1), dim=-1)


def read_weighting(
    *,
    backward: Tensor,
    content: Tensor,
    forward: Tensor,
    backward_mode: Tensor,
    content_mode: Tensor,
    forward_mode: Tensor,
) -> Tensor:
    """Where to read: pi_1 b + pi_2 c + pi_3 f. By name alone, since implementations differ in the order of the modes.

    backward, content, forward: (batch, reads, locations).   the modes: (batch, reads), 0 to 1, the three of a head sum
    to 1. Returns (batch, reads, locations), each summing to at most 1.
    """
    return (
        backward_mode.unsqueeze(-1) * backward
        + content_mode.unsqueeze(-1) * content
        + forward_mode.unsqueeze(-1) * forward
    )
