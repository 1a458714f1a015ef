"""What a model is told before a request: task, form of the answer, and the language as it is."""

from __future__ import annotations

from nexus_jupyter.ai.prompt import language, system_prompt
from nexus_jupyter.ai.tokens import count_tokens
from nexus_jupyter.nxml.instructions import instructions


def test_the_language_is_what_the_catalog_and_the_elements_say() -> None:
    assert language() == instructions()
    assert system_prompt().endswith(language())


def test_the_same_text_is_small_enough_to_go_with_every_request() -> None:
    assert count_tokens(language()) < 3_800
    assert count_tokens(system_prompt()) < 4_200
