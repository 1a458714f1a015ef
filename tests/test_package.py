"""What is shipped: wheel and sdist hold everything built, and neither needs Node."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BUILT = {"loader.js", "panel.js", "panel.json", "file.js", "guest-code.wasm", "guest-image.wasm", "guest-provenance.json"}

pytestmark = pytest.mark.package


def uv(*arguments: str, path: str | None = None) -> str:
    """Run uv; ``path`` replaces PATH."""
    program = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    assert program is not None, "uv is missing; `make test` installs it"
    environment = {**os.environ, **({"PATH": path} if path is not None else {})}
    done = subprocess.run([program, *arguments], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def without_node(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PATH on which there is a Python and nothing of Node."""
    folder = tmp_path_factory.mktemp("bin")
    for name in ("sh", "env", "uname", "git", "ldd", "ldconfig"):
        found = shutil.which(name)
        if found:
            (folder / name).symlink_to(found)
    return str(folder)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory, without_node: str) -> tuple[Path, Path]:
    """The sdist of this tree, and the wheel made from it in a place without Node."""
    folder = tmp_path_factory.mktemp("dist")
    uv("build", "--quiet", "--sdist", "--python", sys.executable, "--out-dir", str(folder), str(ROOT))
    (sdist,) = folder.glob("*.tar.gz")
    uv("build", "--quiet", "--wheel", "--python", sys.executable, "--out-dir", str(folder), str(sdist), path=without_node)
    (wheel,) = folder.glob("*.whl")
    return sdist, wheel


def test_the_sdist_holds_what_was_built_and_what_it_was_built_from(shipped: tuple[Path, Path]) -> None:
    with tarfile.open(shipped[0]) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    assert {f"nexus_jupyter/static/{name}" for name in BUILT} <= names
    assert {"nexus_jupyter/labextension/package.json", "js/lab/package.json", "js/lab/package-lock.json", "js/lab/src/index.ts"} <= names
    assert {"package.json", "package-lock.json", "wasm/build.mjs", "js/build.mjs", "LICENSE", "README.md"} <= names
    # once: the wheel puts them where both the kernel and JupyterLab find them
    assert [n for n in names if n.endswith(("panel.js", "guest-image.wasm"))] != []
    assert not [n for n in names if n.endswith(("panel.js", ".wasm")) and not n.startswith("nexus_jupyter/static/")]
    assert not [n for n in names if n.startswith((".venv", "tests/artifacts")) or "node_modules" in n.split("/")]


def test_the_wheel_installs_and_works_without_node(shipped: tuple[Path, Path], without_node: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(shipped[1]) as archive:
        names = set(archive.namelist())
    assert {f"nexus_jupyter/static/{name}" for name in BUILT} <= names
    assert not [n for n in names if n.startswith(("js/", "wasm/", "tests/", "bench/"))]

    venv = tmp_path / "venv"
    uv("venv", "--quiet", "--python", sys.executable, str(venv), path=without_node)
    python = venv / "bin" / "python"
    uv("pip", "install", "--quiet", "--python", str(python), str(shipped[1]), path=without_node)
    code = (
        'import nexus_jupyter as n; p = n.Panel(\'<NexusPanel id="p"><Logic><Tool name="t" description="d">'
        "<Handler>return 6 * 7</Handler></Tool></Logic></NexusPanel>'); print(p.call('t')); p.close()"
    )
    environment = {**os.environ, "PATH": without_node, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = subprocess.run([python, "-W", "error", "-c", code], capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
    assert done.stdout == "42\n", done.stderr
    spec = json.loads((venv / "share" / "jupyter" / "kernels" / "nexus" / "kernel.json").read_text())
    assert spec["display_name"] == "Python (Nexus)"


def test_the_wheel_brings_every_face(shipped: tuple[Path, Path], without_node: str, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    uv("venv", "--quiet", "--python", sys.executable, str(venv), path=without_node)
    uv("pip", "install", "--quiet", "--python", str(venv / "bin" / "python"), str(shipped[1]), path=without_node)
    enabled = json.loads((venv / "etc" / "jupyter" / "jupyter_server_config.d" / "nexus_jupyter.json").read_text())
    assert enabled["ServerApp"]["jpserver_extensions"] == {"nexus_jupyter": True}
    extension = venv / "share" / "jupyter" / "labextensions" / "nexus-jupyter"
    built = json.loads((extension / "package.json").read_text())
    assert (extension / built["jupyterlab"]["_build"]["load"]).is_file()
    assert (extension / "install.json").is_file()
    # what a page needs of a panel stands at a static address, and is what the kernel would send
    static = next(venv.glob("lib/python*/site-packages/nexus_jupyter/static"))
    facts = json.loads((static / "panel.json").read_text())
    for names, address in ((("panel.js",), facts["address"]), (("guest-code.wasm", "guest-image.wasm"), facts["guest"])):
        digest = hashlib.sha256()
        for name in names:
            assert (extension / "static" / name).read_bytes() == (static / name).read_bytes()
            digest.update((static / name).read_bytes())
        assert digest.hexdigest()[:32] == address
        assert any(address in script.read_text() for script in (extension / "static").glob("[0-9]*.js"))
    assert (venv / "share" / "jupyter" / "voila" / "templates" / "nexus" / "index.html.j2").is_file()
    (tmp_path / "a.nxml").write_text('<NexusPanel id="a"><View><Text>a</Text></View></NexusPanel>')
    done = subprocess.run([venv / "bin" / "jupyter-nexus", "check", "a.nxml"], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    code = "from importlib.metadata import entry_points; print([e.value for e in entry_points(group='jupyter_ai.personas')])"
    listed = subprocess.run([venv / "bin" / "python", "-c", code], capture_output=True, text=True, check=True)
    assert listed.stdout == "['nexus_jupyter.ai.persona:NexusPersona']\n"
