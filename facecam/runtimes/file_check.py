"""Looks into an ONNX file before a runtime does: a file from anywhere must neither crash it nor fill the memory.

The runtimes trust what they load. A loop goes on for ever, a stride of 0 may end the process, and a few bytes can ask
for a tensor of terabytes or for another file. So the file is read here first, by the wire format of Protocol Buffers,
and only what a detector is made of passes: known operators, numbers in bounds, weights inside the file.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator

DETECTOR_OPERATORS = frozenset({
    "Add", "AveragePool", "BatchNormalization", "Cast", "Clip", "Concat", "Constant", "Conv", "ConvInteger",
    "DequantizeLinear", "Div", "Dropout", "DynamicQuantizeLinear", "Exp", "Flatten", "Gather", "Gemm",
    "GlobalAveragePool", "HardSigmoid", "HardSwish", "Identity", "LeakyRelu", "MatMul", "Max", "MaxPool", "Min",
    "Mod", "Mul", "Neg", "PRelu", "QLinearConv", "QuantizeLinear", "ReduceMean", "Relu", "Reshape", "Resize",
    "Shape", "Sigmoid", "Slice", "Softmax", "Split", "Sqrt", "Squeeze", "Sub", "Transpose", "Unsqueeze",
    "Upsample",
})  # fmt: skip
"""What detectors are made of. None of them has a body, and none reads anything but its inputs."""
_MAX_NODES = 1000
_MAX_FIELDS = 100_000
_MAX_ELEMENTS = 64 << 20
_LARGEST = 4096
_LARGEST_SCALE = 16.0
_POSITIVE = frozenset({"strides", "dilations", "group", "kernel_shape"})
_SHRINKING = frozenset({"starts", "ends"})  # of Slice, which writes "to the end" as the largest number
_FLOAT = 1
_ITEM_BYTES = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 16: 2}
"""Bytes of an element by ONNX's number of its type; texts and packed types are missing."""

GENERATOR_OPERATORS = DETECTOR_OPERATORS | {"ConvTranspose", "ReduceSum", "Tanh"}
"""What generators and discriminators are made of."""

_DAMAGED = "is not an ONNX model that can be loaded; it may be damaged or incomplete"


def problem(data: bytes, operators: frozenset[str] = DETECTOR_OPERATORS) -> str | None:
    """Why the file must not be loaded, as the end of the sentence "it ..."; None if it may."""
    try:
        _Reader(operators).model(memoryview(data))
    except _Refused as refused:
        return str(refused)
    return None


class _Refused(Exception):
    """Ends the reading. Its text is the end of a sentence."""


class _Reader:
    """Reads one file. It has a fixed number of steps, so that no file keeps it busy."""

    def __init__(self, operators: frozenset[str]) -> None:
        self._operators = operators
        self._steps_left = _MAX_FIELDS
        self._scales: set[str] = set()  # tensors by which others are enlarged
        self._factors: dict[str, list[float]] = {}  # small tensors of floats

    def model(self, data: memoryview) -> None:
        graphs = 0
        for number, value in self._fields(data):
            if number == 7:
                graphs += 1
                self._graph(_bytes(value))
            elif number in (20, 25):
                raise _Refused("holds functions or training steps")
        if graphs != 1:
            raise _Refused(_DAMAGED)

    def _graph(self, data: memoryview) -> None:
        nodes = 0
        for number, value in self._fields(data):
            if number == 1:
                nodes += 1
                if nodes > _MAX_NODES:
                    raise _Refused(f"has more than {_MAX_NODES} operators")
                self._node(_bytes(value))
            elif number == 5:
                self._tensor(_bytes(value))
            elif number == 15:
                raise _Refused("has sparse weights")
        for name in self._scales & self._factors.keys():
            if not all(0 < factor <= _LARGEST_SCALE for factor in self._factors[name]):
                raise _Refused("enlarges its maps without measure")

    def _node(self, data: memoryview) -> None:
        kind, domain, inputs, attributes = "", "", [], []
        for number, value in self._fields(data):
            if number == 1:
                inputs.append(_text(value))
            elif number == 4:
                kind = _text(value)
            elif number == 5:
                attributes.append(_bytes(value))
            elif number == 7:
                domain = _text(value)
        if domain not in ("", "ai.onnx") or kind not in self._operators:
            name = _shown(f"{domain}.{kind}" if domain else kind)
            raise _Refused(f"uses the operator {name}, which is none that a model of its kind needs")
        if kind in ("Resize", "Upsample"):
            self._scales.update(inputs[1:3])
        for attribute in attributes:
            self._attribute(attribute)

    def _attribute(self, data: memoryview) -> None:
        name, numbers = "", []
        for number, value in self._fields(data):
            if number == 1:
                name = _text(value)
            elif number in (3, 8):
                numbers += self._integers(value)
            elif number == 5:
                self._tensor(_bytes(value))
            elif number in (6, 10, 11, 14, 15, 22, 23):
                raise _Refused("holds networks within the network")
        for entry in () if name in _SHRINKING else numbers:
            if not (1 if name in _POSITIVE else -_LARGEST) <= entry <= _LARGEST:
                raise _Refused(f"asks for {_shown(name)} of {entry}")

    def _tensor(self, data: memoryview) -> None:
        """Refuses one that says another size than it has."""
        dims: list[int] = []
        name, kind, raw, typed = "", 0, None, False
        for number, value in self._fields(data):
            if number == 1:
                dims += self._integers(value)
            elif number == 2 and isinstance(value, int):
                kind = value
            elif number in (4, 5, 6, 7, 10, 11):
                typed = True
            elif number == 8:
                name = _text(value)
            elif number == 9:
                raw = _bytes(value)
            elif number == 13 or (number == 14 and value != 0):
                raise _Refused("keeps its weights in another file, which is not allowed; export it as one file")
        elements = math.prod(dims)
        if any(entry < 0 for entry in dims) or elements > _MAX_ELEMENTS:
            raise _Refused("claims weights of an impossible size")
        if raw is None and not typed and elements > 0:
            raise _Refused("lacks some of its weights")
        if raw is not None and kind in _ITEM_BYTES and len(raw) != elements * _ITEM_BYTES[kind]:
            raise _Refused("has weights of another size than it says")
        if raw is not None and kind == _FLOAT and elements <= 8:
            self._factors[name] = list(struct.unpack(f"<{elements}f", raw))

    # Protocol Buffers' wire format

    def _fields(self, data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
        """(number, value) of each field of a message: an int, or the bytes of whatever has a length."""
        at = 0
        while at < len(data):
            key, at = self._varint(data, at)
            number, wire = key >> 3, key & 7
            if wire == 0:
                value, at = self._varint(data, at)
                yield number, value
                continue
            if wire == 2:
                length, at = self._varint(data, at)
            elif wire in (1, 5):
                length = 8 if wire == 1 else 4
            else:
                raise _Refused(_DAMAGED)
            if length > len(data) - at:
                raise _Refused(_DAMAGED)
            yield number, data[at : at + length]
            at += length

    def _integers(self, value: int | memoryview) -> list[int]:
        """A signed integer, or a packed list of them."""
        if isinstance(value, int):
            return [_signed(value)]
        found, at = [], 0
        while at < len(value):
            entry, at = self._varint(value, at)
            found.append(_signed(entry))
        return found

    def _varint(self, data: memoryview, at: int) -> tuple[int, int]:
        self._steps_left -= 1
        if self._steps_left < 0:
            raise _Refused("has too many parts")
        value = 0
        for shift in range(0, 70, 7):
            if at >= len(data):
                break
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value & (2**64 - 1), at
        raise _Refused(_DAMAGED)


def _signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value


def _bytes(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise _Refused(_DAMAGED)
    return value


def _text(value: int | memoryview) -> str:
    try:
        return bytes(_bytes(value)).decode("utf-8")
    except UnicodeDecodeError as error:
        raise _Refused(_DAMAGED) from error


def _shown(text: str) -> str:
    """A name from the file, fit for a sentence."""
    return "".join(letter for letter in text if letter.isprintable())[:40] or "without a name"
