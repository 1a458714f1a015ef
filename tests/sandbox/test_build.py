"""What is built: the same bytes each time, few imports and exports, current types."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import wasmtime

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "nexus_jupyter" / "static"
NAMES = ("guest-code.wasm", "guest-image.wasm", "guest-provenance.json")
NODE = shutil.which("node") or "node"


def test_the_same_sources_give_the_same_bytes(tmp_path: Path) -> None:
    subprocess.run([NODE, "wasm/build.mjs"], cwd=ROOT, check=True, capture_output=True)
    subprocess.run([NODE, "wasm/build.mjs", "--force", "--out", str(tmp_path)], cwd=ROOT, check=True, capture_output=True)
    for name in NAMES:
        assert (tmp_path / name).read_bytes() == (STATIC / name).read_bytes(), name


def test_nothing_is_built_again_without_a_reason(tmp_path: Path) -> None:
    for name in NAMES:
        shutil.copy(STATIC / name, tmp_path)
    result = subprocess.run([NODE, "wasm/build.mjs", "--out", str(tmp_path)], cwd=ROOT, check=True, capture_output=True, text=True)
    assert result.stdout == ""
    (tmp_path / NAMES[0]).write_bytes(b"damaged")
    again = subprocess.run([NODE, "wasm/build.mjs", "--out", str(tmp_path)], cwd=ROOT, check=True, capture_output=True, text=True)
    assert "guest: code" in again.stdout
    assert (tmp_path / NAMES[0]).read_bytes() == (STATIC / NAMES[0]).read_bytes()


def test_the_record_tells_engine_and_outputs() -> None:
    record = json.loads((STATIC / "guest-provenance.json").read_text())
    assert record["engine"]["sha256"] == "d4c9375f2b1ca4dc95f72c8aa2982a7a9951ac8011490d79c6582df732b4bbd9"
    assert record["engine"]["version"] == "0.17.0"
    for name in NAMES[:2]:
        assert record["outputs"][name]["sha256"] == hashlib.sha256((STATIC / name).read_bytes()).hexdigest()


def test_the_guest_can_reach_nothing_but_its_memory_and_the_zone() -> None:
    engine = wasmtime.Engine()
    code, image = (wasmtime.Module.from_file(engine, str(STATIC / name)) for name in NAMES[:2])
    assert sorted((i.module, i.name) for i in code.imports) == [("nexus", "memory"), ("nexus", "zone_offset")]
    assert sorted(e.name for e in code.exports) == ["reserve", "step"]
    assert image.imports == []
    assert sorted(e.name for e in image.exports) == ["block", "memory"]
    (memory,) = (e.type for e in image.exports if e.name == "memory")
    assert isinstance(memory, wasmtime.MemoryType)
    assert memory.limits.max == 1024


def test_the_types_of_the_wire_are_current() -> None:
    result = subprocess.run(
        [NODE, "wasm/build/protocol.mjs", "--print"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "NEXUS_PYTHON": sys.executable},
    )
    assert result.stdout == (ROOT / "js" / "generated" / "protocol.ts").read_text(), "run node wasm/build/protocol.mjs"


@pytest.mark.parametrize("pattern", ["eval(", "new Function"])
def test_the_guest_script_compiles_text_through_the_engine_only(pattern: str) -> None:
    for source in (ROOT / "wasm" / "guest").glob("*.ts"):
        assert pattern not in source.read_text().replace("evaluate(", ""), source.name
