"""Pictures to look at while training: what the network is shown, and what it finds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from facecam.arrays import Image
from facecam.bench.voc import LOWEST_SCORE
from facecam.bench.wider_labels import Labelled
from facecam.detection.anchors import anchor_grid
from facecam.detection.letterbox import letterbox
from facecam.faces.boxes import NMS_IOU, Detections, decode, nms
from facecam.sources.photo import read_picture
from facecam.system.opencv import cv2
from train.faceboxes.data.batches import Batch
from train.faceboxes.model import MEAN_BGR, Detector
from train.faceboxes.protocols.canvas import VGA
from train.faceboxes.protocols.pictures import Detect
from train.faceboxes.targets import FACE, SOFT
from train.sheets import save_picture, sheet

GREEN, RED, YELLOW = (0, 230, 0), (0, 0, 255), (0, 220, 255)


def detector_of(net: Detector, device: torch.device) -> Detect:
    """The PyTorch network as a detector."""

    @torch.no_grad()
    def detect(image: Image) -> Detections:
        x = torch.from_numpy(np.ascontiguousarray(image)).to(device).permute(2, 0, 1)[None].float()
        x = x - torch.tensor(MEAN_BGR, device=device).view(1, 3, 1, 1)
        training = net.training
        offsets, logits = net.eval()(x)
        net.train(training)
        scores = logits[0].float().softmax(1)[:, 1].cpu().numpy()
        chosen = np.flatnonzero(scores > LOWEST_SCORE)
        anchors = anchor_grid(net.anchors, *image.shape[:2])[chosen]
        boxes, scores = decode(offsets[0].float().cpu().numpy()[chosen], anchors), scores[chosen]
        keep = nms(boxes, scores, NMS_IOU)
        return Detections(boxes[keep], scores[keep])

    return detect


def save_inputs(batch: Batch, path: Path) -> None:
    """A sheet of training inputs; faces in green, ignore regions in red, soft ones in yellow with their probability."""
    images = (batch.images.cpu().permute(0, 2, 3, 1).numpy() + np.array(MEAN_BGR)).clip(0, 255).astype(np.uint8)
    shown = []
    truths = (values.cpu().numpy() for values in (batch.boxes, batch.kind, batch.probability))
    for image, *truth in zip(images, *truths, strict=True):
        image = np.ascontiguousarray(image)
        for box, kind, probability in zip(*truth, strict=True):
            if kind:
                text = f"{probability:.2f}" if kind == SOFT else ""
                _draw(image, box, {FACE: GREEN, SOFT: YELLOW}.get(kind, RED), text)
        shown.append(image)
    save_picture(path, sheet(shown, 6)[..., ::-1])


def save_detections(detect: Detect, items: Sequence[Labelled], path: Path) -> None:
    """A sheet of pictures with the boxes that are found in them from 0.5 up, and their scores."""
    shown = []
    for item in items:
        canvas, _ = letterbox(read_picture(item.path), VGA)
        found = detect(canvas)
        for box, score in zip(found.boxes, found.scores, strict=True):
            if score >= 0.5:
                _draw(canvas, box, GREEN, f"{score:.2f}")
        shown.append(canvas)
    save_picture(path, sheet(shown, 4)[..., ::-1])


def _draw(image: Image, box: npt.NDArray[np.float32], colour: tuple[int, int, int], text: str = "") -> None:
    x1, y1, x2, y2 = (round(float(v)) for v in box)
    cv2.rectangle(image, (x1, y1), (x2, y2), colour, 2)
    if text:
        cv2.putText(image, text, (x1, max(10, y1 - 3)), cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, 1, cv2.LINE_AA)
