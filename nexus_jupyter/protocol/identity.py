"""How documents and panels are named across kernel, server and page."""

from __future__ import annotations

import hashlib


def document_hash(source: str) -> str:
    """The SHA-256 of a document's text in hexadecimal; line breaks at its end do not count.

    A cell's text reaches the kernel with one more line break than the page shows.
    """
    return hashlib.sha256(source.replace("\r\n", "\n").rstrip("\n").encode("utf-8", "surrogatepass")).hexdigest()


def document_key(notebook: str, panel: str) -> str:
    """A short name of a panel in a workspace that can stand in an address: 16 hexadecimal digits."""
    return hashlib.sha256(f"{notebook}\n{panel}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


def workspace_id(notebook: str, entity: str) -> str:
    """The id that an entity of a notebook's kernel has in the workspace's graph."""
    return f"{notebook}#{entity}"
