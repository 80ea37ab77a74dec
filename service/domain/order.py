"""The order of a list: "price_per_gpu_hour, observe_time desc"."""

import re
from dataclasses import dataclass

from service.domain.errors import InvalidRequest, Reason, Violation
from service.domain.offer_fields import find_field, nearest_field

MAX_KEYS = 8

_KEY = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*)(?:\s+(asc|desc))?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderKey:
    """One field to sort by; offers that do not state it come last in both directions."""

    field: str
    descending: bool = False


NAME_KEY = OrderKey(field="name")
DEFAULT_ORDER = (OrderKey(field="price_per_gpu_hour"), NAME_KEY)


def parse_order(text: str) -> tuple[OrderKey, ...]:
    """Read an order; a blank one is the cheapest first. It always ends with the name.

    Raises InvalidRequest with every fault: unknown fields, fields named twice, fields without
    an order, keys after `name` (which already decides), more than MAX_KEYS keys.
    """
    if not text.strip():
        return DEFAULT_ORDER
    keys: list[OrderKey] = []
    faults: list[str] = []
    parts = text.split(",")
    for part in parts[:MAX_KEYS]:
        key = _key_or_fault(part.strip(), keys)
        if isinstance(key, OrderKey):
            keys.append(key)
        else:
            faults.append(key)
    if len(parts) > MAX_KEYS:
        faults.append(f"more than {MAX_KEYS} fields")
    if faults:
        raise InvalidRequest.of(
            tuple(Violation("order_by", fault, Reason.BAD_ORDER_BY) for fault in faults)
        )
    return tuple(keys) if keys[-1].field == "name" else (*keys, NAME_KEY)


def _key_or_fault(part: str, before: list[OrderKey]) -> OrderKey | str:
    match = _KEY.fullmatch(part)
    if match is None:
        return f'{part[:40]!r} is not a field, optionally followed by "desc"'
    field = find_field(match[1])
    if field is None:
        return f"no field {match[1][:40]!r}; did you mean {nearest_field(match[1])!r}?"
    if not field.kind.is_sortable:
        return f"{field.name} cannot be sorted by"
    if any(key.field == field.name for key in before):
        return f"{field.name} is named twice"
    if any(key.field == "name" for key in before):
        return f"{field.name} after name changes nothing, names are unique"
    return OrderKey(field=field.name, descending=match[2] == "desc")
