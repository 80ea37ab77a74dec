"""Request bodies: read whole within a bound, or read away so that a refusal arrives."""

import time
from collections.abc import Mapping
from typing import Any, Final

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from service.rest.problem import MAX_BODY_BYTES, Refused

_MAX_READ_AWAY_BYTES: Final = 4 * 1024 * 1024
_MAX_READ_AWAY_SECONDS: Final = 1.0
_PIECE_BYTES: Final = 64 * 1024


def json_body(incoming: Request) -> bytes:
    """Return the body of a request that takes JSON.

    Raises RequestEntityTooLarge and Refused.
    """
    body = incoming.get_data(cache=False)
    if len(body) > MAX_BODY_BYTES:
        # Without Content-Length, only what was read so far is known.
        _read_away(incoming.environ, _MAX_READ_AWAY_BYTES)
        raise RequestEntityTooLarge
    if body and (
        incoming.mimetype != "application/json"
        or incoming.mimetype_params.get("charset", "utf-8").lower() != "utf-8"
        or incoming.headers.get("Content-Encoding", "identity") != "identity"
    ):
        raise Refused(
            "UNSUPPORTED_MEDIA_TYPE",
            "The body must be application/json in UTF-8, not compressed.",
            field="Content-Type",
        )
    return body


def read_away(incoming: Request) -> None:
    """Read what a request that was refused unread still sends, within 4 MiB and a second.

    A client that is still sending when the connection closes sees a broken pipe and not the
    refusal, and one that keeps connections finds its next request lost.
    """
    if "stream" in incoming.__dict__:  # Werkzeug keeps it there once somebody has begun to read
        return
    size = incoming.content_length
    if size is None:
        # Only a server that ends the input itself can be read without a length.
        size = _MAX_READ_AWAY_BYTES if incoming.environ.get("wsgi.input_terminated") else 0
    _read_away(incoming.environ, min(size, _MAX_READ_AWAY_BYTES))


def _read_away(environ: Mapping[str, Any], left: int) -> None:
    end = time.monotonic() + _MAX_READ_AWAY_SECONDS
    while left > 0 and time.monotonic() < end:
        try:
            piece = environ["wsgi.input"].read(min(left, _PIECE_BYTES))
        except OSError:
            return
        if not piece:
            return
        left -= len(piece)
