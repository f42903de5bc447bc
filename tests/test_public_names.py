"""The public face of both packages: what can be imported from them, what that loads, and the README's examples."""

from __future__ import annotations

import importlib
import re

import pytest

from tests.processes import ROOT, run_python

PUBLIC = {
    "facecam": {
        "Detections",
        "DetectorOptions",
        "FaceDetector",
        "FacecamError",
        "Pipeline",
        "__version__",
        "open_source",
    },
    "sagan_gallery": {"Generator", "Sample", "attention_of_picture", "map_for_pixel"},
}
README_EXAMPLES = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S | re.M)


@pytest.mark.parametrize("package", PUBLIC)
def test_public_names_are_there(package):
    module = importlib.import_module(package)
    assert set(module.__all__) == PUBLIC[package]
    assert set(module.__all__) <= set(dir(module))
    for name in module.__all__:
        assert getattr(module, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'FaceDetektor'"):
        module.FaceDetektor  # noqa: B018


@pytest.mark.parametrize("package", PUBLIC)
def test_importing_costs_next_to_nothing(package):
    script = (
        "import sys, time\n"
        "start_s = time.process_time()\n"
        f"import {package}\n"
        "took_s = time.process_time() - start_s\n"
        "heavy = {'numpy', 'cv2', 'onnxruntime', 'openvino', 'PySide6', 'av', 'torch'} & set(sys.modules)\n"
        "print(took_s, *heavy)"
    )
    runs = [run_python("-c", script).stdout.split() for _ in range(3)]
    assert [heavy for _, *heavy in runs] == [[], [], []]
    assert min(float(took_s) for took_s, *_ in runs) < 0.05


@pytest.mark.parametrize("package", PUBLIC)
def test_types_are_shipped(package):
    assert (ROOT / package / "py.typed").is_file()


def test_the_readme_has_examples():
    assert len(README_EXAMPLES) >= 3


@pytest.mark.parametrize("example", README_EXAMPLES, ids=lambda example: example.split("\n")[0])
def test_an_example_of_the_readme_runs(example, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "README.md", "exec"), {})
