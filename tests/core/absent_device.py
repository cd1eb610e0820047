"""Trains on a device that is not there, and tells in JSON what lay where and what crossed between devices.

Run in a process of its own: once torch knows of the device, it does for good. Its tensors are fake: they have a device,
a type and a shape, and no numbers. To mix them with others fails, and so does to read a value.
"""

from __future__ import annotations

import json

import numpy as np
import torch
from torch._subclasses import FakeTensor, FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

from ntm_core import kernels
from ntm_core.network import held
from ntm_core.observe import observe, trace_spec
from ntm_core.tasks import Sample
from ntm_core.train_config import TrainConfig
from ntm_core.training import RECORDED, Trainer
from tests.core.builders import small_model, small_task
from tests.core.kernel_pairs import CASES, leaves_of

DEVICE = "absent:0"
STEPS = 3


class Crossings(TorchDispatchMode):
    """Notes what has to do with more than one device, or reads a value of one."""

    def __init__(self):
        super().__init__()
        self.noted = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **kwargs or {})
        tensors = [each for each in tree_leaves((args, kwargs, result)) if isinstance(each, torch.Tensor)]
        if len({tensor.device for tensor in tensors}) > 1 or "_local_scalar_dense" in str(func):
            self.noted.append(str(func))
        return result


class OneBatch:
    """A task with a batch that is drawn: to draw one reads values, of the host."""

    def __init__(self):
        self.task = small_task()

    def __getattr__(self, name):
        return getattr(self.task, name)

    def sample(self, batch, generator):
        return Sample(torch.zeros(STEPS, batch, 4), torch.zeros(STEPS, batch, 3), torch.ones(STEPS, batch))


def there(**settings):
    """A network on the device."""
    model = small_model(**settings)
    for module in model.modules():  # `Module.to` does not move fake tensors between devices
        for name, parameter in list(module.named_parameters(recurse=False)):
            setattr(module, name, torch.nn.Parameter(parameter.detach().to(DEVICE)))
    model.to = lambda device: model
    return model


def sequence(settings):
    """Where all lies that a sequence and its gradients come to, and what crossed meanwhile."""
    model = there(**settings)
    inputs = torch.zeros(STEPS, 3, 4, device=DEVICE, requires_grad=True)
    state = leaves_of(model.initial_state(3))
    with Crossings() as crossings:
        logits, last, trace = model(inputs, state, trace=True, items=RECORDED)
        values = [logits, *held(last).values()]
        torch.autograd.backward(values, [torch.ones_like(each) for each in values])
        with torch.no_grad():
            shorter, _, _ = model(inputs)
    weights = {name: each for name, each in model.named_parameters() if "first" not in name}
    gradients = [each.grad for each in (inputs, *held(state).values(), *weights.values())]
    made = [*values, shorter, *held(trace.steps).values(), *held(trace.initial).values(), *gradients]
    kernel = kernels.chosen(model, inputs, state)
    return {
        "kernel": kernel.__module__,
        "devices": sorted({str(each.device) for each in made}),
        "crossings": crossings.noted,
    }


def training():
    """What crossed in an iteration that is recorded, and how often values were read, all as one list."""
    task, read = OneBatch(), []
    FakeTensor.tolist = lambda tensor: read.append(tensor.numel()) or [1.0] * tensor.numel()
    FakeTensor.numpy = lambda tensor: np.zeros(tensor.shape, np.float32)
    trainer = Trainer(there(), task, TrainConfig(batch=4), device=DEVICE)
    with Crossings() as update:
        made = trainer.step(record=True)
    spec = trace_spec(trainer.model, task)
    with Crossings() as trace:
        observe(spec, made.trace, made.sample.only(RECORDED), made.logits[:, RECORDED], task)
    return {"update": update.noted, "read": read, "trace": trace.noted}


if __name__ == "__main__":
    _setup_privateuseone_for_python_backend("absent")
    with FakeTensorMode():
        print(json.dumps({"sequences": [sequence(case) for case in CASES], "training": training()}))
