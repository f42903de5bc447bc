"""Sampling a Self-Attention GAN and looking at where its query pixels attend."""

import os

# ONNX Runtime from 1.29 on reports sessions and models to its makers and leaves an identifier in the cache folder,
# unless this is set before it is loaded.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
