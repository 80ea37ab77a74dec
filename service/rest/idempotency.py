"""Idempotency: the header Idempotency-Key is the `request_id` of any request that has one."""

from collections.abc import Mapping
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from service.rest.binding import Violations
from service.rest.transport import IDEMPOTENCY_REPLAYED

KEY_HEADER: Final = "Idempotency-Key"
REPLAYED_HEADER: Final = "Idempotency-Replayed"
_FIELD: Final = "request_id"


def has_request_id(request: Descriptor) -> bool:
    """Whether requests of this type act once for each id."""
    field = request.fields_by_name.get(_FIELD)
    return field is not None and field.type == FieldDescriptor.TYPE_STRING and not field.is_repeated


def take_key(message: Message, key: str | None, violations: Violations) -> None:
    """Fill in the `request_id` from the header's value; None where it was not sent.

    The value may stand in double quotes, as structured headers have it. The service judges it.
    """
    if key is None:
        return
    plain = key.strip()
    if len(plain) > 1 and plain[0] == plain[-1] == '"':
        plain = plain[1:-1]
    request: Any = message
    if not plain or not plain.isascii() or not plain.isprintable():
        violations.add(KEY_HEADER, 'must have 1 to 64 letters, digits, "-" or "_"')
    elif request.request_id not in {"", plain}:
        violations.add(KEY_HEADER, "differs from requestId in the body; give one of them")
    else:
        request.request_id = plain


def headers_of(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that tell of an answer that was given before."""
    replayed = metadata.get(IDEMPOTENCY_REPLAYED, "")
    return {REPLAYED_HEADER: replayed} if replayed else {}
