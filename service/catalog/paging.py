"""Page tokens: where a list goes on, signed so that nobody can make one up."""

import base64
import hashlib
import hmac
from dataclasses import dataclass

import msgspec

from service.domain.errors import InvalidRequest, Reason, Violation

MAX_TOKEN_LENGTH = 2048
SIGNATURE_BYTES = 12

KeyValue = int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageCursor:
    """The sort key of the last row of a page, and the revision that the page came from."""

    key_values: tuple[KeyValue, ...]
    revision: str


class _Body(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    revision: str
    key_values: tuple[KeyValue, ...]
    digest: bytes


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Body)


class PageTokenSigner:
    """Makes and reads page tokens of every list; all replicas must have the same key."""

    def __init__(self, key: bytes) -> None:
        self._key = hashlib.sha256(key).digest()  # any length; BLAKE2b takes at most 64 bytes

    def encode(self, key_values: tuple[KeyValue, ...], digest: bytes, revision: str) -> str:
        """Make the token of a page. `digest` is that of every other argument of the request."""
        body = _encoder.encode(_Body(revision, key_values, digest))
        return _text(self._signature(body) + body)

    def decode(self, token: str, digest: bytes) -> PageCursor:
        """Read a token.

        Raises InvalidRequest: BAD_PAGE_TOKEN for one that was not made here,
        PAGE_TOKEN_MISMATCH for one of a request with other arguments.
        """
        body = self._verified(token)
        if not hmac.compare_digest(body.digest, digest):
            raise _refusal(
                Reason.PAGE_TOKEN_MISMATCH,
                "this token belongs to a list with other arguments; keep them or start anew",
            )
        return PageCursor(key_values=body.key_values, revision=body.revision)

    def _verified(self, token: str) -> _Body:
        try:
            signed = base64.b64decode(
                token[:MAX_TOKEN_LENGTH].encode("ascii") + b"=" * (-len(token) % 4),
                altchars=b"-_",
                validate=True,
            )
        except ValueError as error:
            raise bad_page_token() from error
        body = signed[SIGNATURE_BYTES:]
        # The last character has spare bits, which the signature does not see.
        is_ours = token == _text(signed)
        if not is_ours or not hmac.compare_digest(signed[:SIGNATURE_BYTES], self._signature(body)):
            raise bad_page_token()
        try:
            return _decoder.decode(body)
        except msgspec.MsgspecError as error:  # signed by another version
            raise bad_page_token() from error

    def _signature(self, body: bytes) -> bytes:
        # Keyed BLAKE2b is a MAC by itself, at half the time of HMAC-SHA-256.
        return hashlib.blake2b(body, digest_size=SIGNATURE_BYTES, key=self._key).digest()


def _text(signed: bytes) -> str:
    return base64.urlsafe_b64encode(signed).rstrip(b"=").decode()


def bad_page_token() -> InvalidRequest:
    """Build the error of a token that was not made here, or not for this list."""
    return _refusal(Reason.BAD_PAGE_TOKEN, "not a page token of this service")


def _refusal(reason: Reason, description: str) -> InvalidRequest:
    return InvalidRequest.of((Violation("page_token", description, reason),))
