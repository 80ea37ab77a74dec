"""Enums of requests whose zero stands for a default."""

from collections.abc import Collection
from enum import StrEnum
from typing import TypeVar

from google.protobuf.message import Message

from service.rpc.assumed import Assumed
from service.rpc.faults import Faults
from service.rpc.requests import read_enum

_Value = TypeVar("_Value", bound=StrEnum)


def read_choice(
    message: Message,
    field: str,
    kind: type[_Value],
    assumed: Assumed,
    faults: Faults,
    *,
    default: _Value,
    allowed: Collection[_Value] | None = None,
) -> _Value:
    """Return the value of an enum field; the default, noted, where it is not set.

    `allowed` are those that make sense there, in the order of the enum; None for all.
    """
    number: int = getattr(message, field)
    if not number:
        json_name = message.DESCRIPTOR.fields_by_name[field].json_name
        return assumed.unless_given(None, json_name, default)
    text = read_enum(field, kind, number, faults)
    if text is None:
        return default
    value = kind(text)
    if allowed is not None and value not in allowed:
        known = ", ".join(one for one in kind if one in allowed)
        faults.add(field, f"{value} is not one of {known}", metadata={"value": value})
    return value
