"""The detectors by the name that `--model` and the exported file carry."""

from train.faceboxes.model import Detector, FaceBoxes
from train.faceboxes.model_s8 import FaceBoxesS8

MODELS: dict[str, type[Detector]] = {net.name: net for net in (FaceBoxes, FaceBoxesS8)}
