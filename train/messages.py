"""Protocol Buffers messages that are declared in a few lines, to read other programs' files without those programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_Field = descriptor_pb2.FieldDescriptorProto
FLOAT, INT32, INT64, STRING = _Field.TYPE_FLOAT, _Field.TYPE_INT32, _Field.TYPE_INT64, _Field.TYPE_STRING

Messages = Mapping[str, Mapping[str, tuple[int, int | str, bool]]]
"""Message -> field -> its number, its type (one of the above, or another message's name) and whether it is repeated.
Fields that are not declared are skipped in reading."""


def message_class(messages: Messages, name: str) -> Any:
    """The class of one of the messages."""
    file = descriptor_pb2.FileDescriptorProto(name="declared.proto", package="declared")
    for message, fields in messages.items():
        described = file.message_type.add(name=message)
        for field_name, (number, kind, repeated) in fields.items():
            field = described.field.add(name=field_name, number=number)
            field.label = _Field.LABEL_REPEATED if repeated else _Field.LABEL_OPTIONAL
            if isinstance(kind, str):
                field.type, field.type_name = _Field.TYPE_MESSAGE, f".declared.{kind}"
            else:
                field.type = kind
                field.options.packed = repeated and kind != STRING
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"declared.{name}"))
