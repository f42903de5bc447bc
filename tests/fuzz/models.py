"""Damaged and hostile ONNX files, from a whole one: bytes changed anywhere, or a graph that is valid but means harm."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tests.fuzz.damage import damaged

_WILD = (0, -1, 1, 2, 3, 5, 63, 1000, 65536, 2**31 - 1, 2**31, 2**40, 2**62, -(2**31), -(2**63))


def damaged_model(content: bytes, random_: random.Random) -> bytes:
    """One of the two, evenly."""
    if random_.random() < 0.4:
        return damaged(content, random_, [content])
    model = onnx.load_from_string(content)
    # What reads values comes first: the others may leave nothing that can be read.
    for harm in sorted(random_.choices(_HARMS, k=random_.randint(1, 2)), key=_HARMS.index):
        harm(model, random_)
    return model.SerializeToString()


def _attribute(model: onnx.ModelProto, random_: random.Random) -> None:
    """A wild number in an attribute: strides of 0, pads of billions, groups of -1."""
    nodes = [node for node in model.graph.node if node.attribute]
    attribute = random_.choice(random_.choice(nodes).attribute)
    if attribute.ints:
        attribute.ints[random_.randrange(len(attribute.ints))] = random_.choice(_WILD)
        if random_.random() < 0.2:
            attribute.ints.extend([1, 1])
    else:
        attribute.i = random_.choice(_WILD)


def _new_attribute(model: onnx.ModelProto, random_: random.Random) -> None:
    node = random_.choice(model.graph.node)
    name = random_.choice(
        ("dilations", "group", "strides", "axis", "pads", "perm", "allowzero", "ceil_mode", "storage_order")
    )
    value = random_.choice(_WILD)
    listed = name in ("dilations", "strides", "pads", "perm")
    node.attribute.append(helper.make_attribute(name, [value] * random_.choice((1, 2, 4)) if listed else value))


def _operator(model: onnx.ModelProto, random_: random.Random) -> None:
    """Another operator, with what the old one was given."""
    random_.choice(model.graph.node).op_type = random_.choice(
        (
            *("Conv", "ConvTranspose", "MaxPool", "Expand", "Tile", "ConstantOfShape", "Range", "Resize", "Upsample"),
            *("NonZero", "GatherND", "ScatterND", "RoiAlign", "NonMaxSuppression", "LSTM", "Einsum", "MatMul", "Gemm"),
            *("If", "Loop", "Scan", "Pad", "Reshape", "Split", "Slice", "Transpose", "Unique", "TopK", "Multinomial"),
            *("RandomNormalLike", "StringNormalizer", "Optional", "SequenceAt", "QLinearConv", "DFT", "NoSuchOperator"),
        )
    )


def _domain(model: onnx.ModelProto, random_: random.Random) -> None:
    domain = random_.choice(("com.microsoft", "ai.onnx.ml", "evil", "ai.onnx.preview.training"))
    random_.choice(model.graph.node).domain = domain
    model.opset_import.append(helper.make_opsetid(domain, 1))


def _wire(model: onnx.ModelProto, random_: random.Random) -> None:
    """Inputs and outputs swapped: cycles, missing tensors, one name twice."""
    node, other = random_.choice(model.graph.node), random_.choice(model.graph.node)
    if random_.random() < 0.5 and node.input:
        node.input[random_.randrange(len(node.input))] = random_.choice((*other.output, "image", "", "nowhere"))
    elif node.output:
        node.output[0] = random_.choice((*other.output, "image", ""))


def _shape(model: onnx.ModelProto, random_: random.Random) -> None:
    """An initializer that claims another size or type than it has."""
    tensor = random_.choice(model.graph.initializer)
    if random_.random() < 0.3 or not tensor.dims:
        tensor.data_type = random_.randint(0, 30)
    else:
        tensor.dims[random_.randrange(len(tensor.dims))] = random_.choice(_WILD)


def _values(model: onnx.ModelProto, random_: random.Random) -> None:
    """Wild numbers where a shape, an axis or a scale is read from."""
    tensor = random_.choice(model.graph.initializer)
    array = numpy_helper.to_array(tensor).copy()
    if array.size == 0:
        return
    if array.dtype.kind == "f":
        array.flat[random_.randrange(array.size)] = random_.choice((0.0, -1.0, 1e30, np.inf, np.nan, 1e5))
    elif array.dtype.kind == "b":
        array ^= True
    else:
        limits = np.iinfo(array.dtype)
        array.flat[random_.randrange(array.size)] = min(max(random_.choice(_WILD), limits.min), limits.max)
    tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


def _balloon(model: onnx.ModelProto, random_: random.Random) -> None:
    """A few bytes that stand for gigabytes, as a constant or at run time."""
    side = random_.choice((10_000, 100_000, 1_000_000))
    kind = random_.choice(("ConstantOfShape", "Expand", "Tile", "Pad", "Resize", "Range"))
    balloons: dict[str, list[tuple[str, np.ndarray | None]]] = {
        "ConstantOfShape": [("shape", np.array([side, side], np.int64))],
        "Expand": [("one", np.ones(1, np.float32)), ("shape", np.array([side, side], np.int64))],
        "Tile": [("one", np.ones((1, 1), np.float32)), ("repeats", np.array([side, side], np.int64))],
        "Pad": [("image", None), ("pads", np.array([0, 0, side, side, 0, 0, side, side], np.int64))],
        "Resize": [("image", None), ("", None), ("scales", np.array([1, 1, side, side], np.float32))],
        "Range": [(name, np.array(value, np.int64)) for name, value in zip("abc", (0, side * side, 1), strict=True)],
    }
    numbers = balloons[kind]
    names = [name if value is None else f"balloon_{name}" for name, value in numbers]
    for name, value in zip(names, (value for _, value in numbers), strict=True):
        if value is not None:
            model.graph.initializer.append(numpy_helper.from_array(value, name))
    model.graph.node.insert(0, helper.make_node(kind, names, ["balloon"]))
    model.graph.output.append(helper.make_tensor_value_info("balloon", TensorProto.FLOAT, None))


def _loop(model: onnx.ModelProto, random_: random.Random) -> None:
    """A loop that never ends."""
    body = helper.make_graph(
        [helper.make_node("Identity", ["going"], ["goes_on"])],
        "body",
        [
            helper.make_tensor_value_info("count", TensorProto.INT64, []),
            helper.make_tensor_value_info("going", TensorProto.BOOL, []),
        ],
        [helper.make_tensor_value_info("goes_on", TensorProto.BOOL, [])],
    )
    model.graph.initializer.append(numpy_helper.from_array(np.array(2**62, np.int64), "trips"))
    model.graph.initializer.append(numpy_helper.from_array(np.array(True), "start"))
    model.graph.node.insert(0, helper.make_node("Loop", ["trips", "start"], [], body=body))


def _outside(model: onnx.ModelProto, random_: random.Random) -> None:
    """Weights in another file."""
    tensor = random_.choice(model.graph.initializer)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": "/etc/passwd", "offset": "0", "length": "100"}.items():
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value


def _metadata(model: onnx.ModelProto, random_: random.Random) -> None:
    """The description of the file, changed in a few letters or numbers."""
    if model.metadata_props:
        entry = random_.choice(model.metadata_props)
        text = damaged(entry.value.encode(), random_, [b'{"stride": 1e99}', b"[" * 3000])
        entry.value = text.decode("utf-8", "replace")


def _number_in_metadata(model: onnx.ModelProto, random_: random.Random) -> None:
    for entry in model.metadata_props:
        digits = [index for index, letter in enumerate(entry.value) if letter.isdigit()]
        if digits:
            at = random_.choice(digits)
            value = random_.choice(("0", "-1", "1e308", "99999999999", "NaN", "null", '"x"', "0.001", "true", "[]"))
            entry.value = entry.value[:at] + value + entry.value[at + 1 :]


def _chain(model: onnx.ModelProto, random_: random.Random) -> None:
    """Thousands of nodes in a row."""
    last = "image"
    for index in range(random_.choice((100, 20_000))):
        model.graph.node.append(helper.make_node("Relu", [last], [f"link{index}"]))
        last = f"link{index}"
    model.graph.output.append(helper.make_tensor_value_info(last, TensorProto.FLOAT, None))


_HARMS: tuple[Callable[[onnx.ModelProto, random.Random], None], ...] = (
    _values, _attribute, _attribute, _attribute, _new_attribute, _operator, _domain, _wire, _shape, _balloon, _loop,
    _outside, _metadata, _number_in_metadata, _chain,
)  # fmt: skip
