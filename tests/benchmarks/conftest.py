"""What the benchmarks share: real trainings at their full size, and a line on the terminal for what was measured."""

import pytest

from ntmviz.run_options import RunOptions
from ntmviz.runs import Run


@pytest.fixture(scope="session", autouse=True)
def home_of_its_own(tmp_path_factory):
    """Keep the windows that are measured away from the user's own settings and sessions."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
            patch.setenv(name, str(tmp_path_factory.mktemp(name.lower())))
        yield


@pytest.fixture
def tell(capsys):
    """Prints a figure where it is seen without any option."""

    def say(text):
        with capsys.disabled():
            print(f"\n    {text}", flush=True)

    return say


@pytest.fixture(scope="session")
def session(tmp_path_factory):
    """A session of the copy task at its full size: memory 128 x 20, episodes of up to 41 steps."""
    path = tmp_path_factory.mktemp("session") / "copy.ntmviz.h5"
    run = Run(RunOptions(out=str(path), iterations=60, record="every:2", device="cpu"))
    while not run.is_over:
        run.advance(10)
    run.finish()
    return path
