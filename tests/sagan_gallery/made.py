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
    pixels = 3 * size * size
    colours = np.zeros((len(CLASSES), 3, size, size), np.float32)
    colours[range(len(CLASSES)), range(len(CLASSES))] = 0.6
    left = np.zeros((1, 3, size, size), np.float32)
    left[..., : size // 2] = 0.3
    constants = {
        "P": (np.random.default_rng(7).standard_normal((Z_DIM, pixels)) * 0.03).astype(np.float32),
        "shape": np.array([-1, 3, size, size], np.int64),
        "left": left,
        "attention_scale": np.float32(1),
        "low": np.float32(-1),
        "high": np.float32(1),
        "first": np.array([0], np.int64),
        "as_row": np.array([-1, 1, 1], np.int64),
    }
    inputs = [f"float[N,{Z_DIM}] z", "float attention_scale"]
    nodes = """
        flat = MatMul(z, P)
        bent = Tanh(flat)
        noise = Reshape(bent, shape)
        effect = Mul(left, attention_scale)
        plain = Add(noise, effect)
        z0 = Gather<axis = 1>(z, first)
        shift = Reshape(z0, as_row)
    """
    if conditional:
        inputs.append("int64[N] label")
        constants["colours"] = colours
        nodes += "colour = Gather(colours, label) coloured = Add(plain, colour)"
    if conditional and blends:
        inputs += ["int64[1] label_to", "float[1] class_mix"]
        constants |= {"label_to": np.zeros(1, np.int64), "class_mix": np.zeros(1, np.float32)}
        nodes += """
            other = Gather(colours, label_to)
            way = Sub(other, colour)
            part = Mul(way, class_mix)
            blended = Add(coloured, part)
        """
    painted = "plain" if not conditional else "blended" if blends else "coloured"
    nodes += f"image = Clip({painted}, low, high)"
    outputs, layers = [f"float[N,3,{size},{size}] image"], []
    for number, (query, key) in enumerate(grids, 1):
        suffix = "" if number == 1 else f"_{number}"
        nodes += _attention(constants, query, key, suffix)
        outputs += [f"float[N,{query**2},{key**2}] attention{suffix}", f"float gamma{suffix}"]
        layers.append({"query_grid": [query, query], "key_grid": [key, key]})
    description = {
        "format": 1, "name": "tiny", "resolution": size, "z_dim": Z_DIM, "classes": CLASSES if conditional else [],
        **layers[0], "attention_layers": layers, "data": "made up", "licence": "MIT", "commit": "", "metrics": {},
        **changes,
    }  # fmt: skip
    return _save(path, inputs, outputs, nodes, constants, description)


def _attention(constants: dict[str, Any], query: int, key: int, suffix: str) -> str:
    queries, keys = query**2, key**2
    scores = np.zeros((1, queries, keys), np.float32)
    scores[0, np.arange(queries), np.arange(queries) % keys] = 3
    constants[f"scores{suffix}"] = scores
    constants[f"slope{suffix}"] = np.linspace(0, 1, keys, dtype=np.float32)[None, None]
    constants[f"g{suffix}"] = np.float32(0.001 if suffix else 0.5)
    return f"""
        tilt{suffix} = Mul(shift, slope{suffix})
        logits{suffix} = Add(scores{suffix}, tilt{suffix})
        attention{suffix} = Softmax<axis = 2>(logits{suffix})
        gamma{suffix} = Identity(g{suffix})
    """


def save_tiny_discriminator(path: Path, size: int = 16, query: int = 8, key: int = 4) -> Path:
    """Writes a discriminator: score = mean of the picture, attention peaks as in the generator, tilted by the score."""
    constants: dict[str, Any] = {"as_row": np.array([-1, 1, 1], np.int64), "flat": np.array([-1], np.int64)}
    nodes = """
        mean = ReduceMean<axes = [1, 2, 3], keepdims = 1>(image)
        score = Reshape(mean, flat)
        shift = Reshape(mean, as_row)
    """ + _attention(constants, query, key, "")
    outputs = ["float[N] score", f"float[N,{query**2},{key**2}] attention", "float gamma"]
    grids = {"query_grid": [query, query], "key_grid": [key, key]}
    description = {"format": 1, "name": "tiny-d", "resolution": size, **grids, "attention_layers": [grids]}
    return _save(path, [f"float[N,3,{size},{size}] image"], outputs, nodes, constants, description)


def _save(
    path: Path, inputs: list[str], outputs: list[str], nodes: str, constants: dict[str, Any], description: Any
) -> Path:
    onnx = pytest.importorskip("onnx")
    graph = onnx.parser.parse_graph(f"tiny ({', '.join(inputs)}) => ({', '.join(outputs)}) {{ {nodes} }}")
    graph.initializer.extend(onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items())
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9)
    onnx.helper.set_model_props(model, {"sagan": json.dumps(description)})
    onnx.save(model, str(path))
    return path


def made_sample(query: int = 32, key: int = 16, size: int = 64, seed: int = 0) -> Sample:
    """A sample of random pixels and random attention rows, all different."""
    random = np.random.default_rng(seed)
    attention = random.random((query**2, key**2), np.float32)
    attention /= attention.sum(1, keepdims=True)
    image = random.integers(0, 256, (size, size, 3), np.uint8)
    return Sample(image, (AttentionLayer(attention, (query, query), (key, key), 0.5),))
