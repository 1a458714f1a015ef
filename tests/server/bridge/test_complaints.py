from __future__ import annotations

import logging

import pytest

from nexus_jupyter.server.bridge.complaints import KEPT, MOST, SPAN, Complaints


def test_the_same_about_the_same_kernel_is_not_said_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    log = Complaints(logging.getLogger("nexus.test"), lambda: now[0])
    for number in range(1_000):
        log.warning("kernel %s is broken: %d", "a", number)
    about_a = [r for r in caplog.records if r.getMessage().startswith("kernel a ")]
    assert len(about_a) == MOST + 1
    assert len(caplog.records) == MOST + 2  # it says once that there is more
    log.warning("kernel %s is broken: %d", "b", 1)
    log.warning("kernel %s is slow", "a")
    assert [r.getMessage() for r in caplog.records[-2:]] == ["kernel b is broken: 1", "kernel a is slow"]
    now[0] = SPAN
    log.warning("kernel %s is broken: %d", "a", -1)
    assert caplog.records[-1].getMessage() == "kernel a is broken: -1"


def test_what_is_counted_stays_small(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    log = Complaints(logging.getLogger("nexus.test"))
    for number in range(2 * KEPT):
        log.critical("kernel %s is broken", number)
        caplog.clear()
    assert len(log._said) <= KEPT
