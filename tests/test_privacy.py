"""Nothing reports home: ONNX Runtime's telemetry is off in every process of ours, before ONNX Runtime is loaded."""

import pytest

from tests.processes import run_python

MODULES = ("facecam.detection.detector", "sagan_gallery.generator", "train.faceboxes.export", "train.sagan.export")


@pytest.mark.parametrize("module", MODULES)
def test_telemetry_is_off_before_onnx_runtime_is_loaded(module: str) -> None:
    code = (
        "import importlib.abc, os, sys\n"
        "class Watch(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'onnxruntime':\n"
        "            print('loaded with', os.environ.get('ORT_DISABLE_TELEMETRY'))\n"
        "sys.meta_path.insert(0, Watch())\n"
        f"import {module}\n"
    )
    done = run_python("-c", code, ORT_DISABLE_TELEMETRY=None)
    assert done.stdout.splitlines() == ["loaded with 1"]
