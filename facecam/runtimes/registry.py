"""The runtimes that compute the network: ONNX Runtime, and OpenVINO where installed. Which one is able to what is tried
out here, on the processor at hand."""

from __future__ import annotations

import logging
from functools import lru_cache

from facecam.runtimes import providers
from facecam.runtimes.engine import RUNTIMES, Engine, Network, Precision, Runtime, RuntimeFailure
from facecam.runtimes.int8_probe import int8_is_exact_in_onnx_runtime, int8_is_exact_in_openvino
from facecam.runtimes.onnx_runtime import ORT_ERRORS, OnnxRuntime
from facecam.runtimes.openvino_runtime import ONE_THREAD, OpenVino, openvino_core

_UNABLE: tuple[type[Exception], ...] = (RuntimeFailure, *ORT_ERRORS)  # OpenVINO's own are RuntimeErrors
_logger = logging.getLogger(__name__)


def open_runtime(engine: Engine, data: bytes) -> Network:
    """The network `data`, an ONNX file, in that engine. Raises RuntimeFailure."""
    check(engine)
    return OnnxRuntime(data, engine) if engine.runtime == Runtime.ONNX_RUNTIME else OpenVino(data, engine)


def check(engine: Engine) -> None:
    """Raises RuntimeFailure with a sentence for people if there is no such engine here."""
    on_card = engine.provider != providers.CPU
    if engine.runtime == Runtime.OPENVINO:
        if on_card:
            raise RuntimeFailure("Providers are ONNX Runtime's; leave --runtime or --provider out.")
        openvino_core()  # tells if it is missing
        if engine.precision == Precision.BF16 and not has_bf16():
            raise RuntimeFailure("bf16 takes a newer processor than this one; leave --precision out.")
    elif engine.runtime != Runtime.ONNX_RUNTIME:
        raise RuntimeFailure(f"There is no runtime {engine.runtime}; there are {', '.join(RUNTIMES)}, and auto.")
    elif engine.precision == Precision.BF16:
        instead = "choose --runtime openvino" if has_bf16() else "leave --precision out"
        raise RuntimeFailure(f"ONNX Runtime has no bf16; {instead}.")
    if engine.precision == Precision.INT8:
        if on_card:
            raise RuntimeFailure("int8 is for processors; leave --provider or --precision out.")
        if not has_int8(engine.runtime):
            raise RuntimeFailure(
                "int8 takes a newer processor than this one, which lacks the instructions for it (VNNI) and would miss"
                " faces; leave --precision out."
            )


def is_there(engine: Engine) -> bool:
    """Whether its precision can be had here."""
    if engine.precision == Precision.BF16:
        return engine.runtime == Runtime.OPENVINO and has_bf16()
    return engine.precision == Precision.F32 or has_int8(engine.runtime)


def has_bf16() -> bool:
    """Whether this processor computes in bfloat16 by itself, as OpenVINO sees it; False without OpenVINO."""
    try:
        return "BF16" in openvino_core()[1].get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    except _UNABLE:
        return False


@lru_cache(maxsize=len(RUNTIMES))
def has_int8(runtime: Runtime) -> bool:
    """Whether a runtime computes in int8 on this processor without overflow, tried out; False if it is missing."""
    try:
        if runtime == Runtime.ONNX_RUNTIME:
            return int8_is_exact_in_onnx_runtime()
        return int8_is_exact_in_openvino(*openvino_core(), {**ONE_THREAD, "INFERENCE_PRECISION_HINT": Precision.F32})
    except _UNABLE as error:
        _logger.info("int8 can't be tried out in %s: %s", runtime.display_name, error)
        return False
