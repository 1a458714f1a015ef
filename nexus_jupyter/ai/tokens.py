"""Counting tokens with a model's own vocabulary, which comes with the tokenizer: nothing is fetched."""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import Any, Literal, cast

EncodingName = Literal["o200k_base", "cl100k_base"]
ENCODINGS: tuple[EncodingName, ...] = ("o200k_base", "cl100k_base")

_LONE = dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}")


@lru_cache(maxsize=len(ENCODINGS))
def _tokenizer(encoding: str) -> Any:
    if encoding not in ENCODINGS:
        raise ValueError(f"unknown encoding {encoding!r}; there are {', '.join(ENCODINGS)}")
    with warnings.catch_warnings():
        # it reads its files by a function that Python 3.11 calls deprecated and later ones do not
        warnings.simplefilter("ignore", DeprecationWarning)
        # its front builds tables for decoding, has no counting and refuses long texts
        from bpe_openai import _bindings

    return _bindings.tokenizer_for_encoding(encoding)


def count_tokens(text: str, encoding: EncodingName = "o200k_base") -> int:
    """How many tokens ``text`` is, exactly; what looks like a special token counts as the text that it is.

    Raises ValueError: there is no such encoding.
    """
    try:
        return cast(int, _tokenizer(encoding).count(text))
    except UnicodeEncodeError:
        return cast(int, _tokenizer(encoding).count(text.translate(_LONE)))
