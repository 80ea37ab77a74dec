"""Request ids: the caller's own when it is harmless, else one of ours."""

import random
import re
from collections.abc import Mapping
from typing import Any

_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")


def request_id_of(environ: Mapping[str, Any]) -> str:
    """Return the X-Request-Id of the request, or a new id.

    Anything outside `[A-Za-z0-9._-]{1,64}` is replaced: it is echoed in headers and logs.
    """
    given = environ.get("HTTP_X_REQUEST_ID", "")
    return given if _ACCEPTED.match(given) else _new_id()


def _new_id() -> str:
    """Make an id. Not from the system: that gives away the interpreter's lock for each."""
    return f"{random.getrandbits(80):020x}"
