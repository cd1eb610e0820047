"""Engine processes forked off one that has torch loaded: children as real as any others, but there at once.

`python -m tests.app.forked SOCKET` is that one. For each request it forks a process, which becomes a child of the
process that asked: that one is the nearest that takes in orphans while the process in between ends.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
from types import SimpleNamespace

from sessions import bound

ENGINE = "ntmviz.worker"
_PR_SET_CHILD_SUBREAPER = 36
_MESSAGE_BYTES = 1 << 18


class Forge:
    """Makes engine processes."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = _started(theirs.fileno())
        self._socket.recv(_MESSAGE_BYTES)  # it is there, and so was there before a test began

    def close(self) -> None:
        self._socket.close()
        self._process.wait(10)

    def instead_of(self, module: SimpleNamespace) -> SimpleNamespace:
        """What stands for the module `subprocess` in one that starts children by it."""

        def start(words: list[str], **options: object) -> object:
            return self._fork(**options) if words == bound.command(ENGINE) else module.Popen(words, **options)

        return SimpleNamespace(Popen=start, PIPE=module.PIPE)

    def _fork(self, *, env: dict[str, str], **_: object) -> Forked:
        (read, our_write), (our_read, write) = os.pipe(), os.pipe()
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)
        try:
            request = json.dumps({"env": env, "folder": os.getcwd()}).encode()
            socket.send_fds(self._socket, [request], [read, write, 2])
            pid = int(self._socket.recv(_MESSAGE_BYTES))
        finally:
            libc.prctl(_PR_SET_CHILD_SUBREAPER, 0)
            os.close(read)
            os.close(write)
        return Forked(pid, our_write, our_read)


class Forked:
    """As much of `subprocess.Popen` as a child of the window takes."""

    def __init__(self, pid: int, stdin: int, stdout: int) -> None:
        self.pid, self.returncode = pid, None
        self.stdin, self.stdout = open(stdin, "wb", buffering=0), open(stdout, "rb", buffering=0)

    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _started(asked: int, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "tests.app.forked", str(asked), *words], pass_fds=[asked])


def _serve(asked: socket.socket) -> bool:
    """Fork for each request until there are no more. Returns twice for each: True in what was forked."""
    while True:
        request, streams, *_ = socket.recv_fds(asked, _MESSAGE_BYTES, 3)
        if not request:
            return False
        told, tell = os.pipe()  # the engine's id
        wait, go = os.pipe()  # ends when it has its parent
        between = os.fork()
        if between == 0:
            if (pid := os.fork()) == 0:
                for each in (told, tell, go):
                    os.close(each)
                asked.close()
                os.read(wait, 1)
                os.close(wait)
                _become(json.loads(request), streams)
                return True
            os.write(tell, str(pid).encode())
            os._exit(0)
        os.waitpid(between, 0)
        asked.send(os.read(told, 64))
        for each in (told, tell, wait, go, *streams):
            os.close(each)


def _become(request: dict[str, object], streams: list[int]) -> None:
    """As a process is that `subprocess` starts."""
    os.setpgid(0, bound.GROUP)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv = ["", ENGINE]


if __name__ == "__main__":
    asked, *words = sys.argv[1:]
    if not words:
        # An engine has the words of what it is forked off, and is known by them: so that is no child of who asks.
        sys.exit(_started(int(asked), *bound.command(ENGINE)[-3:]).wait())
    asks = socket.socket(fileno=int(asked))
    asks.send(b"here")
    __import__(ENGINE)
    if _serve(asks):
        bound.main()
