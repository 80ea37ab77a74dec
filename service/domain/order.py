"""The order of a list: "price_per_gpu_hour, observe_time desc"."""

import re
from dataclasses import dataclass

from service.domain.errors import InvalidRequest, Reason, Violation
from service.domain.offer_fields import find_field, nearest_field

MAX_KEYS = 8
_SHOWN = 40

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
    faults: list[Violation] = []
    parts = text.split(",")
    for part in parts[:MAX_KEYS]:
        key = _key_or_fault(part.strip(), keys)
        if isinstance(key, OrderKey):
            keys.append(key)
        else:
            faults.append(key)
    if len(parts) > MAX_KEYS:
        faults.append(_fault(f"more than {MAX_KEYS} fields"))
    if faults:
        raise InvalidRequest.of(tuple(faults))
    return tuple(keys) if keys[-1].field == "name" else (*keys, NAME_KEY)


def _key_or_fault(part: str, before: list[OrderKey]) -> OrderKey | Violation:
    match = _KEY.fullmatch(part)
    if match is None:
        shown = part[:_SHOWN]
        return _fault(f'{shown!r} is not a field, optionally followed by "desc"', name=shown)
    field = find_field(match[1])
    if field is None:
        shown, nearest = match[1][:_SHOWN], nearest_field(match[1])
        return _fault(f"no field {shown!r}; did you mean {nearest!r}?", name=shown, nearest=nearest)
    if not field.kind.is_sortable:
        return _fault(f"{field.name} cannot be sorted by", name=field.name)
    if any(key.field == field.name for key in before):
        return _fault(f"{field.name} is named twice", name=field.name)
    if any(key.field == "name" for key in before):
        return _fault(f"{field.name} after name changes nothing, names are unique", name=field.name)
    return OrderKey(field=field.name, descending=match[2] == "desc")


def _fault(description: str, **metadata: str) -> Violation:
    return Violation("order_by", description, Reason.BAD_ORDER_BY, metadata)
