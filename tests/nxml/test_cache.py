"""Documents that were read before are not read again."""

from __future__ import annotations

import pickle
import threading
from typing import Any

import pytest

from nexus_jupyter.nxml import CACHE, ASTCache, Limits, Reading, read, read_afresh
from nexus_jupyter.nxml.cache import CacheMetrics

PANEL = '<NexusPanel id="a"><View><Text>{1}</Text></View></NexusPanel>'


def echo(source: str, limits: Limits) -> str:
    return f"{source} {limits.depth}"


def refuse(source: str, limits: Limits) -> str:
    raise OSError(source)


@pytest.fixture(autouse=True)
def empty() -> None:
    CACHE.clear()


def test_a_document_is_read_once_for_all_who_ask() -> None:
    first = read(PANEL)
    assert read(PANEL) is first
    assert read_afresh(PANEL) == first
    assert CACHE.metrics == CacheMetrics(hits=1, misses=1, evictions=0, size=1, characters=len(PANEL))
    assert CACHE.metrics.hit_rate == 0.5


def test_other_limits_are_another_document() -> None:
    cache: ASTCache[str] = ASTCache()
    assert cache.get("a", echo, Limits(depth=1)) == "a 1"
    assert cache.get("a", echo, Limits(depth=2)) == "a 2"
    assert cache.get("a", echo, Limits(depth=1)) == "a 1"
    assert (cache.metrics.hits, cache.metrics.size) == (1, 2)
    read(PANEL, limits=Limits(depth=2))
    assert CACHE.metrics.size == 0


def test_the_document_used_longest_ago_goes_first() -> None:
    cache: ASTCache[str] = ASTCache(2)
    for source in ("a", "b", "a", "c"):
        cache.get(source, echo)
    assert (cache.metrics.evictions, cache.metrics.size, cache.metrics.characters) == (1, 2, 2)
    hits = cache.metrics.hits
    cache.get("a", echo)
    assert cache.metrics.hits == hits + 1
    cache.get("b", echo)
    assert cache.metrics.misses == 4


def test_sources_together_are_bounded_whatever_their_number() -> None:
    cache: ASTCache[str] = ASTCache(characters=10)
    cache.get("a" * 6, echo)
    cache.get("b" * 5, echo)
    assert (cache.metrics.size, cache.metrics.characters, cache.metrics.evictions) == (1, 5, 1)
    cache.get("c" * 11, echo)
    assert (cache.metrics.size, cache.metrics.characters, cache.metrics.evictions) == (1, 5, 1)


def test_a_thousand_documents_are_kept_unless_told_otherwise() -> None:
    cache: ASTCache[str] = ASTCache()
    for number in range(1_001):
        cache.get(str(number), echo)
    assert (cache.metrics.size, cache.metrics.evictions) == (1_000, 1)


def test_clearing_forgets_documents_and_numbers() -> None:
    cache: ASTCache[str] = ASTCache()
    cache.get("a", echo)
    cache.clear()
    assert cache.metrics == CacheMetrics(0, 0, 0, 0, 0)
    assert cache.metrics.hit_rate == 0


def test_a_reading_that_fails_leaves_nothing_behind() -> None:
    cache: ASTCache[str] = ASTCache()
    with pytest.raises(OSError, match="a"):
        cache.get("a", refuse)
    assert cache.get("a", echo) == "a 200"


def test_a_cache_that_holds_nothing_is_refused() -> None:
    for bad in ({"capacity": 0}, {"characters": 0}):
        with pytest.raises(ValueError, match="at least one document"):
            ASTCache(**bad)


def test_half_a_surrogate_pair_is_no_obstacle() -> None:
    assert read("\ud800") is read("\ud800")
    assert read("\udfff") is not read("\ud800")


def test_threads_that_ask_for_the_same_get_the_same_right_answer() -> None:
    cache: ASTCache[list[str]] = ASTCache()
    meeting = threading.Barrier(2, timeout=10)

    def slow(source: str, limits: Limits) -> list[str]:
        meeting.wait()  # both are within a reading at once
        return [source]

    answers: list[list[str]] = []
    threads = [threading.Thread(target=lambda: answers.append(cache.get("a", slow))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert answers == [["a"], ["a"]]
    assert answers[0] is answers[1]
    assert (cache.metrics.misses, cache.metrics.size, cache.metrics.characters) == (2, 1, 1)


def test_a_reading_may_ask_for_another_and_for_itself() -> None:
    cache: ASTCache[str] = ASTCache()

    def nested(source: str, limits: Limits) -> str:
        return cache.get(source[1:], nested) + cache.get(source[1:], nested) if source else "."

    assert cache.get("aaa", nested) == "." * 8
    assert cache.metrics.size == 4


def test_many_threads_and_few_places() -> None:
    cache: ASTCache[str] = ASTCache(3)
    wrong: list[str] = []

    def ask(start: int) -> None:
        for number in range(400):
            source = str((start * number) % 7)
            if cache.get(source, echo) != f"{source} 200":
                wrong.append(source)

    threads = [threading.Thread(target=ask, args=(start,)) for start in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    metrics = cache.metrics
    assert metrics.hits + metrics.misses == 1_600
    assert metrics.size == metrics.characters == 3


def test_nothing_of_a_shared_reading_can_be_changed() -> None:
    reading = read(PANEL)
    panel = reading.ast.panel
    assert panel is not None
    attributes: Any = panel.attributes
    with pytest.raises(TypeError):
        attributes["id"] = None
    for holder, name in ((reading, "source"), (reading.ast, "nodes"), (reading.ast.nodes[0], "id"), (reading.ast.nodes[0].span, "line")):
        with pytest.raises((AttributeError, ValueError)):
            setattr(holder, name, None)
    assert pickle.loads(pickle.dumps(reading.ast)) == reading.ast  # also after it was looked at
    assert isinstance(reading, Reading)
    assert isinstance(reading.diagnostics, tuple)
    assert isinstance(reading.ast.nodes, tuple)
