"""The generators of `taki0112/Self-Attention-GAN-Tensorflow`, from their variables to the gallery's format.

That project had two: first a chain of transposed convolutions (`deconv`, `deconv_0`, ...) or of enlargement and
convolution (`up_conv_0`, ...), and later residual blocks (`fc`, `front_resblock_0`, `middle_resblock_0`, ...). Half
way there is one attention layer, whose keys and values the later one pools. Batch norm has eps 1e-5; weights are HWIO;
latents are drawn from -1 to 1.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from train.sagan.graph import SaganGraph, Weights
from train.sagan.tf_bundle import Variables
from train.training import TrainingError


def convert_variables(variables: Variables, path: Path, facts: dict[str, Any]) -> None:
    """Writes the ONNX file. variables: those below `generator`; facts: name, data, licence and so on for the metadata.

    Raises TrainingError when the names are of no generator of that project.
    """
    try:
        _Writer(variables).write(path, facts)
    except KeyError as error:
        raise TrainingError(
            f"This is no generator of taki0112/Self-Attention-GAN-Tensorflow: it has no variable {error}."
        ) from error


class _Writer:
    """Writes the graph from the latent to the picture; side: of the map so far, in cells."""

    def __init__(self, variables: Variables) -> None:
        self.variables = variables
        self.graph = SaganGraph("sagan_generator")
        self.side = 4

    def write(self, path: Path, facts: dict[str, Any]) -> None:
        residual = any(key.startswith("fc/") for key in self.variables)
        kernel, _ = self.layer("fc" if residual else "deconv")
        z_dim = kernel.shape[0] if residual else kernel.shape[3]
        z = self.graph.input("z", ["N", z_dim])
        self.scale = self.graph.optional_input("attention_scale", np.ones(1, np.float32))
        x = self.residual(z) if residual else self.chain(self.graph.reshape(z, 0, z_dim, 1, 1))
        self.graph.output(self.graph.op("Tanh", x), "image", ["N", self.channels, self.side, self.side])
        self.graph.save(path, self.side, z_dim, facts)

    def layer(self, name: str) -> tuple[Weights, Weights | None]:
        """Kernel and bias of a layer, with its spectral norm where it has one."""
        for inner in ("", "conv2d/", "conv2d_transpose/", "dense/"):
            if f"{name}/{inner}kernel" in self.variables:
                break
        kernel, bias = self.variables[f"{name}/{inner}kernel"], self.variables.get(f"{name}/{inner}bias")
        if f"{name}/u" in self.variables:
            # As that project's forward pass does: one step of power iteration over the last axis, then the division.
            matrix = kernel.reshape(-1, kernel.shape[-1]).astype(np.float64)
            v = self.variables[f"{name}/u"].astype(np.float64) @ matrix.T
            v /= np.linalg.norm(v)
            kernel = (kernel / np.linalg.norm(v @ matrix)).astype(np.float32)
        return kernel, bias

    def conv(self, x: str, name: str, reflected: bool = False) -> str:
        """A convolution that keeps the size. reflected: its border is the picture's own, mirrored."""
        kernel, bias = self.layer(name)
        self.channels = kernel.shape[3]
        if reflected and len(kernel) == 3:
            return self.graph.conv(self.mirrored(x), kernel.transpose(3, 2, 0, 1), bias, pads=[0] * 4)
        return self.graph.conv(x, kernel.transpose(3, 2, 0, 1), bias)

    def mirrored(self, x: str) -> str:
        """One row and column more on each side: the last but one there."""
        for axis in (2, 3):
            ends = [
                self.graph.op("Slice", x, *(self.graph.constant(np.array([n])) for n in (first, last, axis)))
                for first, last in ((1, 2), (-2, -1))
            ]
            x = self.graph.op("Concat", ends[0], x, ends[1], axis=axis)
        return x

    def norm_relu(self, x: str, name: str) -> str:
        """Batch norm with the stored statistics, then ReLU."""
        parts = ("moving_mean", "moving_variance", "gamma", "beta")
        return self.graph.norm_relu(x, *(self.variables[f"{name}/{part}"] for part in parts))

    def enlarged(self, x: str) -> str:
        self.side *= 2
        return self.graph.upsample(x)

    def residual(self, z: str) -> str:
        """The later generator."""
        kernel, bias = self.layer("fc")
        x = self.graph.op("MatMul", z, self.graph.constant(kernel))
        if bias is not None:
            x = self.graph.op("Add", x, self.graph.constant(bias))
        x = self.graph.op("Transpose", self.graph.reshape(x, 0, 4, 4, kernel.shape[1] // 16), perm=[0, 3, 1, 2])
        x = self.up_block(x, "front_resblock_0")
        middle = self.number_of("middle_resblock")
        for number in range(middle):
            x = self.up_block(x, f"middle_resblock_{number}")
        x = self.attention(x, "self_attention")
        for number in range(middle, middle + self.number_of("back_resblock", middle)):
            x = self.up_block(x, f"back_resblock_{number}")
        return self.conv(self.norm_relu(x, "batch_norm"), "g_logit", reflected=True)

    def up_block(self, x: str, name: str) -> str:
        """A residual block to twice the size."""
        y = self.enlarged(self.norm_relu(x, f"{name}/res1/batch_norm"))
        y = self.conv(y, f"{name}/res1/conv_0", reflected=True)
        y = self.conv(self.norm_relu(y, f"{name}/res2/batch_norm"), f"{name}/res2/conv_0", reflected=True)
        return self.graph.op("Add", y, self.conv(self.graph.upsample(x), f"{name}/shortcut/conv_0"))

    def chain(self, z: str) -> str:
        """The earlier generator."""
        x = self.norm_relu(self.deconv(z, "deconv", first=True), "batch_norm")
        enlarges = self.number_of("up_conv") > 0
        layers = self.number_of("up_conv" if enlarges else "deconv")
        for number in range(layers):
            if number == layers // 2:
                x = self.attention(x, "attention")
            y = self.conv(self.enlarged(x), f"up_conv_{number}") if enlarges else self.deconv(x, f"deconv_{number}")
            x = self.norm_relu(y, f"batch_norm_{number}")
        return self.conv(self.enlarged(x), "G_conv_logit") if enlarges else self.deconv(x, "G_deconv_logit")

    def deconv(self, x: str, name: str, first: bool = False) -> str:
        """A transposed 4x4 convolution: from one cell to 4x4 at first, then to twice the size."""
        kernel, bias = self.layer(name)
        self.channels = kernel.shape[2]
        self.side *= 1 if first else 2
        return self.graph.deconv(x, kernel.transpose(3, 2, 0, 1), bias, first)

    def attention(self, x: str, name: str) -> str:
        """The attention layer. g asks, f answers, and h is what is read; where h halves the channels, it and f are
        pooled, and a convolution brings them back."""
        layers = [self.layer(f"{name}/{part}_conv") for part in ("g", "f", "h")]
        projections = [(kernel.transpose(3, 2, 0, 1), bias) for kernel, bias in layers]
        values = layers[2][0]
        pooled = values.shape[3] < values.shape[2]
        output = None
        if any(key.startswith(f"{name}/attn_conv/") for key in self.variables):
            kernel, bias = self.layer(f"{name}/attn_conv")
            output = kernel.transpose(3, 2, 0, 1), bias
        gamma = self.variables[f"{name}/gamma"]
        return self.graph.attention(x, projections, gamma, self.side, pooled, self.scale, output)

    def number_of(self, name: str, first: int = 0) -> int:
        """How many layers or blocks there are whose names end in a number, from `first` on."""
        numbers = (n for n in count(first) if not any(key.startswith(f"{name}_{n}/") for key in self.variables))
        return next(numbers) - first
