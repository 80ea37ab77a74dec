"""Cursors of the log of changes: a place in it, signed, so that it is of this store or of none."""

import base64
import hashlib
import hmac
import struct

from service.domain.errors import InvalidRequest, Reason, Violation
from service.store.ports import LogPosition

Mark = tuple[int, int, int]
"""A place in the log: an entry, and how many of its changes lie before; `WHOLE` for all."""

WHOLE = 0xFFFF

_PREFIX = "c_"
_BODY = struct.Struct(">QIH")
_SIGNATURE_BYTES = 8
_PURPOSE = b"change cursor"
# So long is every cursor: nothing longer is decoded.
_LENGTH = len(_PREFIX) + 30


def mark_after(position: LogPosition) -> Mark:
    """Return the place after a whole entry."""
    return (*position, WHOLE)


class CursorCodec:
    """Writes and reads cursors; `key` is the one that the store keeps for all replicas."""

    def __init__(self, key: bytes) -> None:
        self._key = hashlib.sha256(key).digest()

    def text(self, mark: Mark) -> str:
        """Write a cursor."""
        body = _BODY.pack(*mark)
        return _PREFIX + base64.urlsafe_b64encode(self._signature(body) + body).decode().rstrip("=")

    def mark(self, cursor: str) -> Mark:
        """Read a cursor. Raises InvalidRequest (BAD_CURSOR) for one that is not of this store."""
        try:
            if len(cursor) != _LENGTH or not cursor.startswith(_PREFIX):
                raise _bad_cursor()
            text = cursor.removeprefix(_PREFIX)
            signed = base64.b64decode(f"{text}==".encode("ascii"), altchars=b"-_", validate=True)
        except ValueError as error:
            raise _bad_cursor() from error
        body = signed[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signed[:_SIGNATURE_BYTES], self._signature(body)):
            raise _bad_cursor()
        milliseconds, number, count = _BODY.unpack(body)
        mark = (milliseconds, number, count)
        # The last character has spare bits, which the signature does not see.
        if self.text(mark) != cursor:
            raise _bad_cursor()
        return mark

    def _signature(self, body: bytes) -> bytes:
        digest = hashlib.blake2b(body, digest_size=_SIGNATURE_BYTES, key=self._key, person=_PURPOSE)
        return digest.digest()


def _bad_cursor() -> InvalidRequest:
    text = 'not a cursor of this service; begin at "" (the oldest kept) or "now"'
    return InvalidRequest.of((Violation("cursor", text, Reason.BAD_CURSOR),))
