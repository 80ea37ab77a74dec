"""JSON Schema of the contract's messages and enums, every one under its own name."""

from collections.abc import Mapping
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from service.rest.contract import (
    DURATION,
    FIELD_MASK,
    TIMESTAMP,
    behaviors,
    enum_names,
    enum_prefix,
    require_supported,
    text_message,
)

Schema = dict[str, Any]

_TEXT_SCHEMAS: Final[Mapping[str, Schema]] = {
    TIMESTAMP: {"type": "string", "format": "date-time"},
    DURATION: {"type": "string", "pattern": r"^-?[0-9]{1,12}(\.[0-9]{1,9})?s$"},
    FIELD_MASK: {
        "type": "string",
        "pattern": r"^([a-z][A-Za-z0-9_.]*(,[a-z][A-Za-z0-9_.]*)*)?$",
    },
}
_INT64: Final[Schema] = {"type": "string", "format": "int64", "pattern": "^-?[0-9]{1,20}$"}
_SCALAR_SCHEMAS: Final[Mapping[int, Schema]] = {
    FieldDescriptor.CPPTYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.CPPTYPE_DOUBLE: {"type": "number", "format": "double"},
    FieldDescriptor.CPPTYPE_INT32: {"type": "integer", "format": "int32"},
    FieldDescriptor.CPPTYPE_UINT32: {"type": "integer", "minimum": 0, "maximum": 2**32 - 1},
    FieldDescriptor.CPPTYPE_INT64: _INT64,
    FieldDescriptor.CPPTYPE_UINT64: _INT64,
    FieldDescriptor.CPPTYPE_STRING: {"type": "string"},
}


class Schemas:
    """Collects the named schemas that are referred to; `comments` are by full name."""

    def __init__(self, comments: Mapping[str, str]) -> None:
        self._comments = comments
        self.named: dict[str, Schema] = {}

    def of_message(self, message: Descriptor) -> Schema:
        """Refer to a message; its schema is added at the first reference."""
        name = message.name
        if name not in self.named:
            self.named[name] = {}  # stands while the fields are read: a message may hold itself
            properties = {field.json_name: self._property(field) for field in message.fields}
            schema: Schema = {
                "type": "object",
                "description": self._comments.get(message.full_name, ""),
                "properties": properties,
            }
            required = [field.json_name for field in message.fields if _is_required(field)]
            if required:
                schema["required"] = required
            self.named[name] = schema
        return {"$ref": f"#/components/schemas/{name}"}

    def of_value(self, field: FieldDescriptor) -> Schema:
        """Return the schema of one value of a field, without its description."""
        require_supported(field)
        if field.enum_type is not None:
            return self._of_enum(field.enum_type)
        kind = text_message(field)
        if kind is not None:
            return dict(_TEXT_SCHEMAS[kind])
        if field.message_type is not None:
            return self.of_message(field.message_type)
        if field.type == FieldDescriptor.TYPE_BYTES:
            return {"type": "string", "contentEncoding": "base64"}
        return dict(_SCALAR_SCHEMAS[field.cpp_type])

    def of_field(self, field: FieldDescriptor) -> Schema:
        """Return the schema of a field: an array where it is repeated."""
        value = self.of_value(field)
        return {"type": "array", "items": value} if field.is_repeated else value

    def comment(self, full_name: str) -> str:
        """Return the comment of a name of the contract."""
        return self._comments.get(full_name, "")

    def _property(self, field: FieldDescriptor) -> Schema:
        schema = self.of_field(field)
        schema["description"] = self.comment(field.full_name)
        # The service gives names too; a create request leaves them out.
        if behaviors(field) & {"OUTPUT_ONLY", "IDENTIFIER"}:
            schema["readOnly"] = True
        return schema

    def _of_enum(self, enum: EnumDescriptor) -> Schema:
        if enum.name not in self.named:
            prefix = enum_prefix(enum)
            lines = [self.comment(enum.full_name), ""]
            for number, name in enum_names(enum).items():
                value = enum.values_by_number[number].name
                lines.append(f"- `{name}`: {self.comment(f'{enum.full_name}.{value}')}")
            lines += ["", f"Requests may also use the prefix: `{prefix}…`."]
            self.named[enum.name] = {
                "type": "string",
                "description": "\n".join(lines),
                "enum": list(enum_names(enum).values()),
            }
        return {"$ref": f"#/components/schemas/{enum.name}"}


def _is_required(field: FieldDescriptor) -> bool:
    """Say whether the field is always there: written always, or demanded from the caller."""
    written_always = not field.has_presence and behaviors(field) & {"OUTPUT_ONLY", "IDENTIFIER"}
    return bool(written_always) or "REQUIRED" in behaviors(field)
