"""What goes wrong at the border with the user: one clear line and the exit code that goes with it."""

from __future__ import annotations

from sessions.errors import one_line


class NtmvizError(Exception):
    """Something the user asked for cannot be done. The text says what was wanted, what came and what to do."""

    exit_code = 1

    def __str__(self) -> str:
        return one_line(super().__str__())


class UsageError(NtmvizError):
    """A flag, name or value that no run could make sense of."""

    exit_code = 2
