"""How ONNX Runtime's sessions are set up here, whatever they compute."""

from __future__ import annotations

from typing import Any

import onnxruntime

_SILENT = 4


def session_options(threads: int = 1) -> Any:
    """A session's options. threads: that compute; 1 is the calling thread, and none is started."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _SILENT  # what matters is said by our own errors
    return options
