"""What the README tells a stranger to type works as it stands."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import sessions

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
RECALL = (ROOT / "RECALL.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", README + RECALL, re.DOTALL)


RUN_EACH = """
import sys

for name, example in zip(("recording", "reading", "waking", "recalling", "pointing"), sys.argv[1:], strict=True):
    print(f"# {name}")
    exec(compile(example, name, "exec"), {"__name__": "__main__"})
"""


def run_each(*examples: str, folder: Path) -> list[str]:
    """What each example prints: each has names of its own, all are run in one fresh process."""
    words = [sys.executable, "-c", RUN_EACH, *examples]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=150)
    assert done.returncode == 0, done.stderr
    return re.split(r"^# \w+\n", done.stdout, flags=re.MULTILINE)[1:]


def test_the_examples_run_one_after_another(tmp_path):
    reading, waking, recalling, recording, pointing = EXAMPLES
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "garden.txt").write_text("apples")
    recording += "\nimport os\nos.rename('mine.ntmviz.h5', 'run.ntmviz.h5')"
    recorded, read, woken, recalled, pointed = run_each(
        recording, reading, "import ntmviz\n" + waking, recalling, pointing, folder=tmp_path
    )
    assert "Trained(" in recorded
    assert read.startswith("ntm [")
    assert "Forked(episode=2, parent=0, parent_step=4" in woken
    assert recalled.splitlines()[-1] == "dessert"
    assert pointed.strip() == "apples"
    with sessions.open(tmp_path / "fork.ntmviz.h5") as forked:
        assert forked.complete


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#]+)\)", README + RECALL))))
def test_every_link_leads_to_a_file_of_the_repository(target):
    assert (ROOT / target).exists()


def test_every_file_of_the_map_exists():
    table = README.split("## Map of the code")[1].split("How the parts run")[0]
    for row in re.findall(r"^\| (.*?) \|", table, re.MULTILINE)[2:]:
        folder = Path()
        for name in re.findall(r"`([^`]+)`", row):
            path = Path(name) if "/" in name else folder / name
            folder = path.parent
            assert (ROOT / path).exists(), name
