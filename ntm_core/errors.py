"""What can go wrong in ntm_core, as one small tree: catch `CoreError` and you have caught all of it."""

from __future__ import annotations


class CoreError(Exception):
    """Something that was asked of ntm_core cannot be done; the text says what was wanted, what came, what to do."""


class ConfigError(CoreError, ValueError):
    """A model, task or trainer cannot be built from these settings."""


class CheckpointError(CoreError, ValueError):
    """These bytes do not hold the weights of a network that this version knows."""


class DeviceError(CoreError, ValueError):
    """The device that was named is not there."""


class MessageError(CoreError, ValueError):
    """This is not a command or an event."""


class ProcessError(CoreError):
    """The processes that train together cannot."""
