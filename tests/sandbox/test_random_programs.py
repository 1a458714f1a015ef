"""Random handlers end in a reply or a named error, and never with their host."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from .random_programs import made

ROOT = Path(__file__).parents[2]
COUNT = 5_000 if os.environ.get("NEXUS_FULL") == "1" else 300


@pytest.mark.parametrize("way", ["direct", "public"])
def test_no_program_harms_its_host(way: str) -> None:
    first = 1 if way == "direct" else 1_000_001
    count = COUNT // 2
    result = subprocess.run(
        [sys.executable, "-m", "tests.sandbox.random_programs", way, str(first), str(count)],
        cwd=ROOT, capture_output=True, text=True, timeout=3600, check=False,
    )  # fmt: skip
    seeds = [line for line in result.stdout.splitlines() if line.startswith("seed ")]
    assert result.returncode == 0, f"{seeds[-1:]} ended the process with {result.returncode}: {result.stderr[-2000:]}"
    ends = Counter(line.removeprefix("end ") for line in result.stdout.splitlines() if line.startswith("end "))
    assert sum(ends.values()) == count
    assert set(ends) <= {"done", "waiting", "failed", "JS_SYNTAX"} | {end for end in ends if end.startswith("LIMIT_")}, ends
    assert ends["done"] > 0
    assert ends["failed"] > 0


def test_a_seed_makes_the_same_program() -> None:
    for seed in range(20):
        assert made(seed) == made(seed)
    assert len({made(seed)[0].model_dump_json() for seed in range(50)}) == 50
