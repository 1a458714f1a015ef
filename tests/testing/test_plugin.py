"""The pytest plugin, and the examples of the documentation, as somebody else's project runs them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

PAGE = Path(__file__).parent.parent.parent / "docs" / "testing.md"


def run_pytest(folder: Path) -> subprocess.CompletedProcess[str]:
    """pytest in a folder of its own, with our plugin and no other."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "nexus_jupyter.testing.plugin", "-W", "error"]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_examples_of_the_documentation_pass(tmp_path: Path) -> None:
    examples = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "test_quotes.py").write_text("\n\n".join(examples), encoding="utf-8")
    done = run_pytest(tmp_path)
    assert "3 passed" in done.stdout, done.stdout


def test_errors_that_nobody_looked_at_and_panels_left_open(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        '''
from nexus_jupyter import panels
from nexus_jupyter.sandbox.instance import live_instances
SOURCE = """<NexusPanel id="p"><Logic><Tool name="fail" description="d"><Handler>throw new Error('oh no')</Handler></Tool></Logic>
<View><Button label="Fail" trigger="fail"/></View></NexusPanel>"""
def test_fails(nexus_panel):
    nexus_panel(SOURCE).click("Fail")
def test_looks(nexus_panel):
    p = nexus_panel(SOURCE)
    p.click("Fail")
    assert p.errors
def test_all_have_ended():
    assert not list(live_instances())
''',
        encoding="utf-8",
    )
    done = run_pytest(tmp_path)
    assert "3 passed, 1 error" in done.stdout, done.stdout
    assert "the panel showed errors that the test did not look at: Button 'Fail': oh no" in done.stdout


def test_who_does_not_use_the_plugin_pays_nothing_for_it() -> None:
    (found,) = entry_points(group="pytest11", name="nexus_jupyter")
    code = f"import sys, {found.value}; print([name for name in sys.modules if name.startswith('nexus_jupyter')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['nexus_jupyter', 'nexus_jupyter.testing', 'nexus_jupyter.testing.plugin']\n"
