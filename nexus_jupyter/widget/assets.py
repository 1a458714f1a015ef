"""The built front end: a small loader that travels with each widget, one bundle that does not."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..errors import EngineError

_STATIC = Path(__file__).parent.parent / "static"


@dataclass(frozen=True)
class Assets:
    """``loader`` is ECMAScript module text; ``address`` is the content address of the bundle."""

    loader: str
    address: str

    def bundle(self) -> bytes:
        """The bundle's bytes, read when a page asks for them."""
        return (_STATIC / "panel.js").read_bytes()

    def guest(self) -> tuple[str, tuple[bytes, bytes]]:
        """The guest's content address, its code and its image: the bytes that the kernel runs, too.  Read when a page asks for them."""
        code, image = ((_STATIC / name).read_bytes() for name in ("guest-code.wasm", "guest-image.wasm"))
        digest = hashlib.sha256(code)
        digest.update(image)
        return digest.hexdigest()[:32], (code, image)


@cache
def assets() -> Assets:
    """The front end as it was built.  Raises EngineError: it was not."""
    try:
        loader = (_STATIC / "loader.js").read_text(encoding="utf-8")
        facts = json.loads((_STATIC / "panel.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise EngineError(
            f"the front end of nexus-jupyter is not built ({Path(error.filename or '').name} is missing).",
            hint="Install a wheel, or run `make build` in a clone.",
        ) from None
    return Assets(loader=loader, address=str(facts["address"]))
