"""Tiny generators and discriminators with the interface of the real ones and known answers, and made samples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sagan_gallery.sample import AttentionLayer, Sample

CLASSES = ["red", "green", "blue"]
Z_DIM = 128


def save_tiny_generator(
    path: Path,
    size: int = 16,
    grids: tuple[tuple[int, int], ...] = ((8, 4),),
    conditional: bool = True,
    blends: bool = True,
    **changes: Any,
) -> Path:
    """Writes a generator whose picture and attention follow from z, the class and the attention scale.

    picture: tanh(z @ P) + a class colour + 0.3 * attention_scale on the left half, clipped to -1..1. blends: class_mix
    goes from the colour of label to that of label_to.
    attention of layer n: softmax over keys of a made matrix (Q, K) plus z[0], with a peak of query q at key q mod K.
    """
    onnx = pytest.importorskip("onnx")
    helper, tensor = onnx.helper, onnx.TensorProto
    random = np.random.default_rng(7)
    pixels = 3 * size * size
    colours = np.zeros((len(CLASSES), 3, size, size), np.float32)
    for index in range(len(CLASSES)):
        colours[index, index] = 0.6
    left = np.zeros((1, 3, size, size), np.float32)
    left[..., : size // 2] = 0.3
    constants: dict[str, np.ndarray] = {
        "P": (random.standard_normal((Z_DIM, pixels)) * 0.03).astype(np.float32),
        "shape": np.array([-1, 3, size, size], np.int64),
        "left": left,
        "attention_scale": np.ones((), np.float32),
        "low": np.float32(-1),  # type: ignore[dict-item]
        "high": np.float32(1),  # type: ignore[dict-item]
        "first": np.array([0], np.int64),
        "as_row": np.array([-1, 1, 1], np.int64),
    }
    nodes = [
        helper.make_node("MatMul", ["z", "P"], ["flat"]),
        helper.make_node("Tanh", ["flat"], ["bent"]),
        helper.make_node("Reshape", ["bent", "shape"], ["noise"]),
        helper.make_node("Mul", ["left", "attention_scale"], ["effect"]),
        helper.make_node("Add", ["noise", "effect"], ["plain"]),
    ]
    inputs = [helper.make_tensor_value_info("z", tensor.FLOAT, ["N", Z_DIM])]
    if conditional:
        constants["colours"] = colours
        inputs.append(helper.make_tensor_value_info("label", tensor.INT64, ["N"]))
        nodes.append(helper.make_node("Gather", ["colours", "label"], ["colour" if not blends else "first_colour"]))
        if blends:
            constants["label_to"], constants["class_mix"] = np.zeros(1, np.int64), np.zeros(1, np.float32)
            inputs.append(helper.make_tensor_value_info("label_to", tensor.INT64, [1]))
            inputs.append(helper.make_tensor_value_info("class_mix", tensor.FLOAT, [1]))
            nodes += [
                helper.make_node("Gather", ["colours", "label_to"], ["other_colour"]),
                helper.make_node("Sub", ["other_colour", "first_colour"], ["way"]),
                helper.make_node("Mul", ["way", "class_mix"], ["part"]),
                helper.make_node("Add", ["first_colour", "part"], ["colour"]),
            ]
        nodes.append(helper.make_node("Add", ["plain", "colour"], ["sum"]))
    else:
        nodes.append(helper.make_node("Identity", ["plain"], ["sum"]))
    nodes.append(helper.make_node("Clip", ["sum", "low", "high"], ["image"]))
    nodes.append(helper.make_node("Gather", ["z", "first"], ["z0"], axis=1))
    nodes.append(helper.make_node("Reshape", ["z0", "as_row"], ["shift"]))
    inputs.append(helper.make_tensor_value_info("attention_scale", tensor.FLOAT, []))
    outputs = [helper.make_tensor_value_info("image", tensor.FLOAT, ["N", 3, size, size])]
    layers = []
    for number, (query, key) in enumerate(grids, 1):
        suffix = "" if number == 1 else f"_{number}"
        nodes += _attention(constants, helper, query, key, suffix)
        outputs.append(helper.make_tensor_value_info(f"attention{suffix}", tensor.FLOAT, ["N", query**2, key**2]))
        outputs.append(helper.make_tensor_value_info(f"gamma{suffix}", tensor.FLOAT, []))
        layers.append({"query_grid": [query, query], "key_grid": [key, key]})
    description = {
        "format": 1, "name": "tiny", "resolution": size, "z_dim": Z_DIM, "classes": CLASSES if conditional else [],
        **layers[0], "attention_layers": layers, "data": "made up", "licence": "MIT", "commit": "", "metrics": {},
        **changes,
    }  # fmt: skip
    _save(path, nodes, inputs, outputs, constants, description)
    return path


def _attention(constants: dict[str, np.ndarray], helper: Any, query: int, key: int, suffix: str) -> list[Any]:
    queries, keys = query**2, key**2
    scores = np.zeros((1, queries, keys), np.float32)
    scores[0, np.arange(queries), np.arange(queries) % keys] = 3
    constants[f"scores{suffix}"] = scores
    constants[f"slope{suffix}"] = np.linspace(0, 1, keys, dtype=np.float32)[None, None]
    constants[f"g{suffix}"] = np.float32(0.5 if not suffix else 0.001)  # type: ignore[assignment]
    return [
        helper.make_node("Mul", ["shift", f"slope{suffix}"], [f"tilt{suffix}"]),
        helper.make_node("Add", [f"scores{suffix}", f"tilt{suffix}"], [f"logits{suffix}"]),
        helper.make_node("Softmax", [f"logits{suffix}"], [f"attention{suffix}"], axis=2),
        helper.make_node("Identity", [f"g{suffix}"], [f"gamma{suffix}"]),
    ]


def save_tiny_discriminator(path: Path, size: int = 16, query: int = 8, key: int = 4) -> Path:
    """Writes a discriminator: score = mean of the picture, attention peaks as in the generator, tilted by the score."""
    onnx = pytest.importorskip("onnx")
    helper, tensor = onnx.helper, onnx.TensorProto
    constants = {"as_row": np.array([-1, 1, 1], np.int64), "flat": np.array([-1], np.int64)}
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["mean"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Reshape", ["mean", "flat"], ["score"]),
        helper.make_node("Reshape", ["mean", "as_row"], ["shift"]),
        *_attention(constants, helper, query, key, ""),
    ]
    inputs = [helper.make_tensor_value_info("image", tensor.FLOAT, ["N", 3, size, size])]
    outputs = [
        helper.make_tensor_value_info("score", tensor.FLOAT, ["N"]),
        helper.make_tensor_value_info("attention", tensor.FLOAT, ["N", query**2, key**2]),
        helper.make_tensor_value_info("gamma", tensor.FLOAT, []),
    ]
    grids = {"query_grid": [query, query], "key_grid": [key, key]}
    description = {"format": 1, "name": "tiny-d", "resolution": size, **grids, "attention_layers": [grids]}
    _save(path, nodes, inputs, outputs, constants, description)
    return path


def _save(path: Path, nodes: Any, inputs: Any, outputs: Any, constants: dict[str, Any], description: Any) -> None:
    import onnx

    initializers = [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = onnx.helper.make_graph(nodes, "tiny", inputs, outputs, initializers)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9)
    if description is not None:
        onnx.helper.set_model_props(model, {"sagan": json.dumps(description)})
    onnx.save(model, str(path))


def made_sample(query: int = 32, key: int = 16, size: int = 64, seed: int = 0) -> Sample:
    """A sample of random pixels and random attention rows, all different."""
    random = np.random.default_rng(seed)
    attention = random.random((query**2, key**2), np.float32)
    attention /= attention.sum(1, keepdims=True)
    image = random.integers(0, 256, (size, size, 3), np.uint8)
    return Sample(image, (AttentionLayer(attention, (query, query), (key, key), 0.5),))
