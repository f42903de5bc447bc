"""Reads the variables of a TensorFlow checkpoint (V2, "tensor bundle") without TensorFlow.

`NAME.index` is a sorted table as LevelDB writes it: blocks of keys and values, an index of the blocks, and a footer.
Its keys are the variables' names, its values say where in `NAME.data-00000-of-00001` each one lies. The format:
tensorflow/core/util/tensor_bundle and tensorflow/core/lib/io/table (`table_format.txt`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from train.messages import INT32, INT64, message_class
from train.training import TrainingError

_MAGIC = 0xDB4775248B80FB57
_FOOTER_BYTES = 48
_FLOAT32 = 1
_MESSAGES = {
    "Dim": {"size": (1, INT64, False)},
    "Shape": {"dim": (2, "Dim", True)},
    "Entry": {
        "dtype": (1, INT32, False), "shape": (2, "Shape", False), "shard_id": (3, INT32, False),
        "offset": (4, INT64, False), "size": (5, INT64, False),
    },
}  # fmt: skip

EntryMessage = message_class(_MESSAGES, "Entry")
"""A table's value: what TensorFlow calls BundleEntryProto, as far as it is needed."""

Variables = dict[str, NDArray[np.float32]]


def bundle_prefix(path: Path) -> Path | None:
    """What the files of a checkpoint begin with, given that or one of them; None if the path is no such checkpoint."""
    for prefix in (path, path.with_suffix("")):
        if prefix.with_name(prefix.name + ".index").is_file():
            return prefix
    return None


def read_bundle(prefix: Path, scope: str) -> Variables:
    """The float32 variables below a scope, by their names without it. prefix: what the files' names begin with.

    Raises TrainingError when the files can't be read or are damaged.
    """
    index = prefix.with_name(prefix.name + ".index")
    try:
        found: Variables = {}
        shards: dict[int, NDArray[np.uint8]] = {}
        for key, value in _entries(index.read_bytes()):
            name = key.decode()
            entry = EntryMessage.FromString(value) if name.startswith(f"{scope}/") else None
            if entry is None or entry.dtype != _FLOAT32:
                continue
            if entry.shard_id not in shards:
                (path,) = prefix.parent.glob(f"{prefix.name}.data-{entry.shard_id:05d}-of-*")
                shards[entry.shard_id] = np.memmap(path, np.uint8, "r")
            data = shards[entry.shard_id][entry.offset : entry.offset + entry.size]
            shape = [dim.size for dim in entry.shape.dim]
            found[name.removeprefix(f"{scope}/")] = data.copy().view("<f4").reshape(shape).astype(np.float32)
    except OSError as error:
        raise TrainingError(f"{index} can't be read: {error.strerror or error}.") from error
    except (ValueError, IndexError, struct.error, DecodeError) as error:
        raise TrainingError(f"{index} is not a TensorFlow checkpoint, or a part of it is missing ({error}).") from error
    return found


def _entries(table: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a table, in order."""
    footer = table[-_FOOTER_BYTES:]
    if len(footer) < _FOOTER_BYTES or int.from_bytes(footer[-8:], "little") != _MAGIC:
        raise ValueError("it does not end as a table does")
    at = 0
    for _ in range(2):  # the index of meta blocks, of which there are none
        _, at = _varint(footer, at)
    for _, handle in _block(table, *_handle(footer, at)):
        yield from _block(table, *_handle(handle, 0))


def _handle(data: bytes, at: int) -> tuple[int, int]:
    """Where a block lies, and its bytes."""
    offset, at = _varint(data, at)
    return offset, _varint(data, at)[0]


def _block(table: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a block. Each key says how many bytes it has in common with the one before."""
    block = table[offset : offset + size]
    if len(block) < size or table[offset + size] != 0:  # 1 would be Snappy, which TensorFlow doesn't use here
        raise ValueError("a block is cut off or compressed")
    (restarts,) = struct.unpack("<I", block[-4:])
    end, at, key = size - 4 * (restarts + 1), 0, b""
    while at < end:
        shared, at = _varint(block, at)
        new, at = _varint(block, at)
        length, at = _varint(block, at)
        key = key[:shared] + block[at : at + new]
        at += new + length
        yield key, block[at - length : at]


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and the place behind it."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise ValueError("a number has no end")
