"""Curves as PNG files, drawn without a display."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from facecam.bench.voc import Curve
from train.faceboxes.protocols.fddb import Roc


def plot_precision_recall(curves: Mapping[str, Curve], title: str, path: Path) -> None:
    """Precision against recall; the legend gives the average precision."""
    figure, axes = _figure(title, "recall", "precision")
    for name, curve in curves.items():
        axes.plot(curve.recall, curve.precision, label=f"{name}: {curve.average_precision:.4f}")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    axes.legend(loc="lower left")
    figure.savefig(path)


def plot_roc(curve: Roc, title: str, path: Path) -> None:
    """True positive rates against false positives, up to 2,000 of them."""
    figure, axes = _figure(title, "false positives", "true positive rate")
    discrete, continuous = curve.at_false(1000)
    axes.plot(curve.false, curve.discrete, label=f"discrete: {discrete:.4f} at 1000")
    axes.plot(curve.false, curve.continuous, label=f"continuous: {continuous:.4f} at 1000")
    axes.set_xlim(0, 2000)
    axes.set_ylim(0, 1)
    axes.legend(loc="lower right")
    figure.savefig(path)


def _figure(title: str, x: str, y: str) -> tuple[Figure, Any]:
    figure = Figure(figsize=(7, 5), dpi=110, layout="constrained")
    axes = figure.subplots()
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(alpha=0.3)
    return figure, axes
