"""The direction of imports: rooms know only rooms beneath them."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "nexus_jupyter"

# Lowest first.  A room may import itself and those before it.
BASE = {"diagnostics", "errors", "protocol"}
ROOMS = ["catalog", "nxml", "sandbox", "panel", "nog", "ai"]
FACES = {"widget", "kernel", "server", "export", "testing", "cli"}
FACE_FRIENDS = {"kernel": {"widget"}, "widget": {"export"}, "cli": FACES}
JUPYTER = {
    "IPython",
    "anywidget",
    "comm",
    "ipykernel",
    "ipywidgets",
    "jupyter_client",
    "jupyter_core",
    "jupyter_server",
    "nbformat",
    "tornado",
}
# Where jupyter-ai and the server that it runs in are met.
JUPYTER_FILES = {Path("ai/persona.py"), Path("ai/provider.py")}
# A command reads notebooks and runs their kernels.
JUPYTER_ROOMS = {"widget", "kernel", "server", "cli"}
BUILD_TOOLS = {"protocol_types": BASE | {"nxml"}}


def room_of(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return relative.parts[0].removesuffix(".py") if len(relative.parts) > 1 else relative.stem


def imports(path: Path) -> list[tuple[str, bool]]:
    """The absolute module names that a file imports, and whether only for type checking."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    guarded: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            guarded.update(each for child in node.body for each in ast.walk(child))
    package = ["nexus_jupyter", *path.relative_to(PACKAGE).parts[:-1]]
    found: list[tuple[str, bool]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, node in guarded) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = [*base, *([node.module] if node.module else [])]
            if node.module:
                found.append((".".join(module), node in guarded))
            else:
                found += [(".".join([*module, alias.name]), node in guarded) for alias in node.names]
    return found


FILES = sorted(p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py")


def allowed(room: str) -> set[str]:
    if room in BASE:
        return BASE
    if room in BUILD_TOOLS:
        return BUILD_TOOLS[room]
    if room in FACES:
        return BASE | set(ROOMS) | {room} | FACE_FRIENDS.get(room, set())
    assert room in ROOMS, f"{room} is no room of the architecture"
    return BASE | set(ROOMS[: ROOMS.index(room) + 1])


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_rooms_beneath_its_own(path: Path) -> None:
    room = room_of(path)
    for module, _ in imports(path):
        parts = module.split(".")
        if parts[0] == "nexus_jupyter" and len(parts) > 1 and parts[1] not in ("__version__", "_importing"):
            assert parts[1] in allowed(room), f"{room} may not import {module}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_only_faces_import_jupyter(path: Path) -> None:
    if room_of(path) in JUPYTER_ROOMS or path.relative_to(PACKAGE) in JUPYTER_FILES:
        return
    for module, for_types in imports(path):
        assert for_types or module.split(".")[0] not in JUPYTER, f"{path.name} may not import {module}"


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = [
        "wasmtime",
        "pydantic",
        "yaml",
        "networkx",
        "narwhals",
        "anywidget",
        "ipywidgets",
        "IPython",
        "jupyter_server",
        "litellm",
        "asyncio",
    ]
    code = f"import sys, nexus_jupyter; print([m for m in {heavy!r} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_every_public_name_resolves() -> None:
    import nexus_jupyter

    for name in nexus_jupyter.__all__:
        assert getattr(nexus_jupyter, name) is not None


def test_loading_the_extension_imports_nothing_heavy_and_starts_no_thread() -> None:
    code = """
import sys, threading
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
waiting = []
threading.Thread.start = lambda thread: waiting.append(thread.name)
shell.run_line_magic("load_ext", "nexus_jupyter")
print(waiting, [m for m in ("pydantic", "yaml", "wasmtime", "networkx", "anywidget") if m in sys.modules])
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[] []"
