"""Reviewers' keys: public JSON Web Keys on the curve P-256, and signatures by them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pydantic import JsonValue

from ..errors import NexusError

_SIZE = 32
# What WebCrypto adds to an exported public key; none of it changes what the key is.
_HARMLESS = {"kty", "crv", "x", "y", "ext", "key_ops", "alg", "use", "kid"}


class KeyRefusedError(NexusError):
    """A key that cannot be a reviewer's."""

    code = "INVALID_KEY"
    status = 400


def decode64(text: object, size: int) -> bytes | None:
    """``size`` bytes from base64url without padding, None when ``text`` is anything else.

    One value has one spelling, so that nothing can be said twice in different words.
    """
    if not isinstance(text, str) or len(text) != (size * 4 + 2) // 3:
        return None
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if len(data) == size and encode64(data) == text else None


def encode64(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


class PublicKey:
    """A point on P-256 that was checked to be one.

    Raises KeyRefusedError: ``jwk`` is no public P-256 key, or carries more than the public part.
    """

    def __init__(self, jwk: Mapping[str, JsonValue]) -> None:
        if "d" in jwk:
            raise KeyRefusedError("this is a private key.", hint="Make a new key and send its public part only.")
        if strange := sorted(set(jwk) - _HARMLESS):
            raise KeyRefusedError(f"a reviewer's key has no member {strange[0][:40]!r}.", hint="Send kty, crv, x and y of a P-256 key.")
        if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256" or jwk.get("alg", "ES256") != "ES256" or jwk.get("use", "sig") != "sig":
            raise KeyRefusedError("a reviewer's key is an ECDSA key on the curve P-256.", hint="Make one with WebCrypto as ECDSA, P-256.")
        x, y = decode64(jwk.get("x"), _SIZE), decode64(jwk.get("y"), _SIZE)
        if x is None or y is None:
            raise KeyRefusedError("x and y of the key must be 32 bytes each in base64url without padding.")
        try:
            self._key = ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1()).public_key()
        except ValueError:
            raise KeyRefusedError("x and y of the key are no point on the curve P-256.") from None
        self._members = {"crv": "P-256", "kty": "EC", "x": encode64(x), "y": encode64(y)}

    @classmethod
    def loads(cls, jwk: str) -> PublicKey:
        """The key that ``jwk`` gave."""
        try:
            members = json.loads(jwk)
        except ValueError:
            members = None
        if not isinstance(members, dict):
            raise KeyRefusedError("the stored key is damaged.")
        return cls(members)

    @property
    def jwk(self) -> str:
        """The key as JSON with exactly the members that RFC 7638 hashes, in its order."""
        return json.dumps(self._members, separators=(",", ":"))

    @property
    def thumbprint(self) -> str:
        """The RFC 7638 thumbprint: SHA-256 in base64url."""
        return encode64(hashlib.sha256(self.jwk.encode("ascii")).digest())

    def signed(self, statement: str, signature: str) -> bool:
        """Whether ``signature`` (raw r‖s, base64url) is this key's over ``statement`` in UTF-8."""
        raw = decode64(signature, 2 * _SIZE)
        if raw is None:
            return False
        der = encode_dss_signature(int.from_bytes(raw[:_SIZE], "big"), int.from_bytes(raw[_SIZE:], "big"))
        try:
            self._key.verify(der, statement.encode("utf-8", "surrogatepass"), ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True
