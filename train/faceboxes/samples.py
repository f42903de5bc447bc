"""Pictures to look at while training: what the network is shown, and what it finds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from facecam.arrays import Image
from facecam.bench.voc import LOWEST_SCORE
from facecam.bench.wider_labels import Labelled
from facecam.detection.anchors import anchor_grid
from facecam.detection.letterbox import letterbox
from facecam.faces.boxes import NMS_IOU, Candidates, Detections, select
from facecam.faces.drawing import draw_detections
from facecam.sources.photo import read_picture
from train.faceboxes.data.batches import Batch
from train.faceboxes.model import MEAN_BGR, Detector
from train.faceboxes.protocols.canvas import VGA
from train.faceboxes.protocols.pictures import Detect
from train.sheets import save_picture, sheet


def detector_of(net: Detector, device: torch.device) -> Detect:
    """The PyTorch network as a detector."""

    @torch.no_grad()
    def detect(image: Image) -> Detections:
        x = torch.from_numpy(np.ascontiguousarray(image)).to(device).permute(2, 0, 1)[None].float()
        x = x - torch.tensor(MEAN_BGR, device=device).view(1, 3, 1, 1)
        training = net.training
        offsets, logits = net.eval()(x)
        net.train(training)
        scores = logits[0].float().softmax(1)[:, 1].contiguous().cpu().numpy()
        height, width = image.shape[:2]
        candidates = Candidates(
            offsets[0].float().cpu().numpy(), scores, False, anchor_grid(net.anchors, height, width)
        )
        return select(candidates, LOWEST_SCORE, NMS_IOU, width, height)

    return detect


def save_inputs(batch: Batch, path: Path) -> None:
    """A sheet of training inputs and their labels: faces in yellow, ignore regions in pink, and soft ones in blue with
    their probability."""
    images = (batch.images.cpu().permute(0, 2, 3, 1).numpy() + np.array(MEAN_BGR)).clip(0, 255).astype(np.uint8)
    shown = []
    truths = (values.cpu().numpy() for values in (batch.boxes, batch.kind, batch.probability))
    for image, boxes, kind, probability in zip(images, *truths, strict=True):
        there = kind > 0
        colours = tuple(kind[there].tolist())
        shown.append(draw_detections(image, Detections(boxes[there], probability[there], colours=colours)))
    save_picture(path, sheet(shown, 6)[..., ::-1])


def save_detections(detect: Detect, items: Sequence[Labelled], path: Path) -> None:
    """A sheet of pictures with the boxes that are found in them from 0.5 up, and their scores."""
    shown = []
    for item in items:
        canvas, _ = letterbox(read_picture(item.path), VGA)
        found = detect(canvas)
        shown.append(draw_detections(canvas, found.only(found.scores >= 0.5)))
    save_picture(path, sheet(shown, 4)[..., ::-1])
