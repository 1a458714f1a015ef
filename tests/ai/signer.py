"""A reviewer's page, as far as its key goes: it signs what it is given with a key of its own."""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from pydantic import JsonValue

from nexus_jupyter.ai.keys import encode64
from nexus_jupyter.ai.review import Action
from nexus_jupyter.protocol.workspace import Challenge, EnrolRequest, SignedDecision


class Signer:
    """A P-256 key that can be enrolled."""

    def __init__(self, label: str = "a page") -> None:
        self.label = label
        self.private = ec.generate_private_key(ec.SECP256R1())
        numbers = self.private.public_key().public_numbers()
        self.x, self.y = (encode64(n.to_bytes(32, "big")) for n in (numbers.x, numbers.y))

    @property
    def jwk(self) -> dict[str, JsonValue]:
        """The public key as WebCrypto exports it."""
        return {"kty": "EC", "crv": "P-256", "x": self.x, "y": self.y, "ext": True, "key_ops": ["verify"]}

    @property
    def id(self) -> str:
        """The RFC 7638 thumbprint, computed here by itself."""
        return encode64(hashlib.sha256(f'{{"crv":"P-256","kty":"EC","x":"{self.x}","y":"{self.y}"}}'.encode()).digest())

    def enrolment(self) -> EnrolRequest:
        return EnrolRequest(public_key=self.jwk, label=self.label)

    def signature(self, statement: str) -> str:
        r, s = decode_dss_signature(self.private.sign(statement.encode(), ec.ECDSA(hashes.SHA256())))
        return encode64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))

    def sign(self, challenge: Challenge, action: Action, *, reviewer: str | None = None) -> SignedDecision:
        return SignedDecision(
            reviewer=self.id if reviewer is None else reviewer,
            nonce=challenge.nonce,
            signature=self.signature(challenge.statement),
            action=action,
        )
