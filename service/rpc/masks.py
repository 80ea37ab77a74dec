"""Field masks: which fields of a resource the caller wants."""

from collections.abc import Iterator
from dataclasses import dataclass

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from service.domain.errors import Reason
from service.rpc.faults import Faults, shown

MAX_PATHS = 100
_OWN_PACKAGE = "gpuquote."

_Tree = dict[str, "_Tree"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """A mask that fits a message type. `json_names` are its top-level fields in lowerCamel."""

    json_names: tuple[str, ...]
    plan: "_Plan"

    def keep_only(self, message: Message) -> None:
        """Clear every field of the message that the mask does not name."""
        self.plan.apply(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What to clear in one message, and what to do inside those fields that stay in part."""

    unwanted: tuple[str, ...]
    inner: tuple[tuple[str, "_Plan"], ...]

    def apply(self, message: Message) -> None:
        for name in self.unwanted:
            message.ClearField(name)
        for name, plan in self.inner:
            if message.HasField(name):
                plan.apply(getattr(message, name))


def mask_from_proto(mask: FieldMask, descriptor: Descriptor, faults: Faults) -> Mask | None:
    """Read a mask over the fields of `descriptor`; None where it is empty and keeps everything.

    Paths may be in snake_case or lowerCamel. What does not fit goes to `faults`.
    """
    if not mask.paths:
        return None
    if len(mask.paths) > MAX_PATHS:
        faults.add("fields", f"more than {MAX_PATHS} paths", Reason.BAD_FIELD_MASK)
        return None
    tree: _Tree = {}
    names: dict[str, None] = {}
    for path in mask.paths:
        fields = tuple(_walk(path, descriptor))
        if not fields:
            faults.add(
                "fields",
                f"{descriptor.name} has no field {shown(path)}",
                Reason.BAD_FIELD_MASK,
                metadata={"path": path},
            )
            continue
        names[fields[0].json_name] = None
        _grow(tree, [field.name for field in fields])
    return Mask(json_names=tuple(names), plan=_plan_of(tree, descriptor))


def _walk(path: str, descriptor: Descriptor) -> Iterator[FieldDescriptor]:
    """Yield the fields along a path; nothing where it does not fit."""
    found: list[FieldDescriptor] = []
    inner: Descriptor | None = descriptor
    for step in path.split("."):
        field = _field(inner, step) if inner is not None else None
        if field is None:
            return
        found.append(field)
        inner = None
        if field.message_type is not None and not field.is_repeated:
            own = field.message_type.full_name.startswith(_OWN_PACKAGE)
            inner = field.message_type if own else None
    yield from found


def _field(descriptor: Descriptor, step: str) -> FieldDescriptor | None:
    exact = descriptor.fields_by_name.get(step)
    return exact if exact is not None else descriptor.fields_by_camelcase_name.get(step)


def _grow(tree: _Tree, steps: list[str]) -> None:
    """Add a path; an empty branch means the whole field, whatever else names parts of it."""
    *before, last = steps
    for step in before:
        known = tree.get(step)
        if known is not None and not known:
            return
        tree = tree.setdefault(step, {})
    tree[last] = {}


def _plan_of(tree: _Tree, descriptor: Descriptor) -> _Plan:
    fields = descriptor.fields_by_name
    return _Plan(
        unwanted=tuple(name for name in fields if name not in tree),
        inner=tuple(
            (name, _plan_of(branch, inner))
            for name, branch in tree.items()
            if branch and (inner := fields[name].message_type) is not None
        ),
    )
