"""Trains FaceBoxes.

    python -m train.faceboxes.train --data DIR --model faceboxes --steps 120000

`DIR` has the WIDER FACE layout (`WIDER_train/images`, `WIDER_val/images`, `wider_face_split/*.txt`). Results go to a
new folder `runs/faceboxes/NNNNN-NAME/`: `stats.jsonl`, `last.pt` (everything that `--resume` needs), `best.pt` (the
moving average with the best AP), sample pictures. Several GPUs or machines:

    torchrun --nproc-per-node 2 -m train.faceboxes.train --data DIR ...

The learning rate rises, stays, and falls linearly over the last `--decay` steps, so that a run can be prolonged: resume
it from a checkpoint before the fall, with larger `--steps`; what is not given on `--resume` stays as it was. Ctrl+C,
SIGTERM and `--time-limit` save and end it cleanly.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from facecam.bench.wider_labels import Labelled
from facecam.detection.anchors import anchor_grid
from facecam.detection.letterbox import letterbox
from facecam.faces.boxes import pairwise_iou
from facecam.sources.folder import list_files
from facecam.sources.photo import PICTURE_SUFFIXES
from train.faceboxes.data.augment import Recipe
from train.faceboxes.data.batches import Batch, FaceData, Pictures, Prepared, read_split, validation_pictures
from train.faceboxes.loss import multibox_loss
from train.faceboxes.networks import MODELS
from train.faceboxes.protocols.canvas import FACELESS_EVENT, VGA, run_canvas, score
from train.faceboxes.reuse import network_of_onnx, settle
from train.faceboxes.samples import detector_of, save_detections, save_inputs
from train.faceboxes.targets import match
from train.training import (
    Ema,
    StopRequest,
    TrainingError,
    World,
    autocast,
    check_finite,
    command,
    computes_bf16,
    load_checkpoint,
    load_fitting,
    log_stats,
    new_run_folder,
    placed,
    resumed_arguments,
    save_checkpoint,
    trapezoid,
    world,
)

OF_ONE_CALL = (
    "data", "runs", "name", "resume", "cache", "compile", "workers", "device", "time_limit", "save_every"
)  # fmt: skip
"""Options that don't decide the course of a run: a resumed one doesn't take them over."""


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    switch = argparse.BooleanOptionalAction
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--data", type=Path, required=True, help="folder in the WIDER FACE layout")
    add("--model", choices=sorted(MODELS), default="faceboxes")
    add("--runs", type=Path, default=Path("runs/faceboxes"), help="where run folders go")
    add("--name", help="name of the run folder (default: the model's)")
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--resume", type=Path, help="a checkpoint to go on from, in its own run folder")
    start.add_argument(
        "--init", type=Path, help="weights to start from, as far as they fit: a checkpoint or an exported .onnx file"
    )
    add("--steps", type=int, default=120_000, help="optimizer steps in all")
    add("--decay", type=int, help="last steps, in which the learning rate falls to 0 (default: a fifth)")
    add("--batch", type=int, default=32, help="pictures a step and process at 320 px; other sizes: as many pixels")
    add("--sizes", type=_sizes, default={256: 0.25, 320: 0.4, 448: 0.2, 640: 0.15}, help="size:share,... in px")
    add("--optimizer", choices=("sgd", "adamw"), default="sgd")
    add("--lr", type=float, default=0.02)
    add("--warmup", type=int, default=500)
    add("--weight-decay", type=float, default=5e-4)
    add("--ema", type=float, default=0.9995)
    add("--quality", action=switch, default=False, help="scores learn the overlap of their box with the face")
    add("--most", type=float, default=float("inf"), help="a face counts as so many anchors at most")
    add("--min-face", type=float, default=16.0, help="smaller faces are neither face nor background, in input px")
    add("--shares", type=_shares, default={"0--human": 0.45, "3--none": 0.08}, help="event=share,... of the pictures")
    add("--mine", action=switch, default=False, help="draw face-free pictures that are hard at the start more often")
    add("--faceless", type=Path, nargs="+", default=[], help="folders without faces, each an event for --shares")
    add("--teacher", type=Path, help="another detector's scores for what the labels leave open (.npz)")
    add("--cache", type=Path, default=Path("runs/cache"), help="where decoded pictures are kept")
    add("--resident", action=switch, default=False, help="hold the pictures on the device (the default on a GPU)")
    add("--compile", action="store_true", help="compile sampling and matching: on a GPU half as many images again")
    add("--workers", type=int, help="processes that draw the inputs (default: 0, or 6 for a GPU)")
    add("--device", default="auto")
    add("--fp32", action=switch, default=False, help="no bfloat16, also where the device computes in it")
    add("--seed", type=int, default=1)
    add("--time-limit", type=float, help="minutes, then save and end")
    add("--save-every", type=float, default=3.0, help="minutes between checkpoints")
    add("--eval-every", type=int, default=5000, help="steps between evaluations on the validation pictures; 0: none")
    add("--eval-events", default="2--web,0--human", help="each evaluated apart; the first one chooses `best.pt`")
    return resumed_arguments(parser, argv, options_of)


def options_of(path: Path) -> dict[str, Any]:
    """Those of a checkpoint that decide the course of its run."""
    state = load_checkpoint(path)
    if state.get("model") not in MODELS or not {"net", "options"} <= state.keys():
        raise TrainingError(f"{path} is no checkpoint of a run of train.faceboxes.train.")
    options = json.loads(state["options"])
    # As JSON has them, where the parser would give something else.
    options["sizes"] = {int(size): share for size, share in options["sizes"].items()}
    options["faceless"] = [Path(folder) for folder in options.get("faceless", [])]
    return {name: value for name, value in options.items() if name not in OF_ONE_CALL}


def _sizes(text: str) -> dict[int, float]:
    sizes = {int(size): float(share) for size, share in (part.split(":") for part in text.split(","))}
    if any(size % 64 or size < 64 for size in sizes):
        raise argparse.ArgumentTypeError("sizes must be multiples of 64")
    return sizes


def _shares(text: str) -> dict[str, float]:
    return {name: float(share) for name, share in (part.split("=") for part in text.split(",") if part)}


def optimizer_of(net: nn.Module, args: argparse.Namespace) -> torch.optim.Optimizer:
    """SGD with momentum 0.9 (the paper's) or AdamW; no weight decay on biases and batch norms."""
    decayed = [p for p in net.parameters() if p.ndim > 1]
    plain = [p for p in net.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": args.weight_decay}, {"params": plain, "weight_decay": 0.0}]
    if args.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=args.lr, momentum=0.9, nesterov=True, fused=True)
    return torch.optim.AdamW(groups, lr=args.lr, betas=(0.9, 0.99), fused=True)


def draw_size(args: argparse.Namespace, step: int) -> int:
    """The input size of a step, the same in all processes."""
    sizes = list(args.sizes)
    shares = np.array([args.sizes[size] for size in sizes])
    return int(np.random.default_rng([args.seed, step]).choice(sizes, p=shares / shares.sum()))


class Steps(Dataset[Prepared]):
    """The inputs of each step, by its number, prepared in this process or in others."""

    def __init__(self, data: FaceData, args: argparse.Namespace, rank: int) -> None:
        self.data, self.args, self.rank = data, args, rank

    def __getitem__(self, step: int) -> Prepared:
        size = draw_size(self.args, step)
        count = max(1, round(self.args.batch * (320 / size) ** 2))
        return self.data.prepare(step, size, count, self.rank)


class Trainer:
    """The network, its moving average, its optimizer and what else a checkpoint holds."""

    def __init__(self, args: argparse.Namespace, here: World) -> None:
        self.args, self.here = args, here
        self.net = placed(MODELS[args.model](), here.device)
        self.ema = Ema(self.net, args.ema)
        self.optimizer = optimizer_of(self.net, args)
        self.step, self.images, self.best = 0, 0, 0.0
        self.preferred: dict[str, float] = {}  # how often to draw pictures, by name, with --mine
        self.anchors = {
            size: torch.from_numpy(anchor_grid(self.net.anchors, size, size).copy()).to(here.device)
            for size in args.sizes
        }
        self.match = torch.compile(match, dynamic=True) if args.compile else match
        self.dtype = torch.bfloat16 if computes_bf16(here.device) and not args.fp32 else torch.float32

    def init(self, path: Path, data: FaceData) -> None:
        """Starts from the weights of a checkpoint or of an exported file, as far as they fit."""
        if path.suffix == ".onnx":
            weights = network_of_onnx(path).state_dict()
        else:
            state = load_checkpoint(path, self.here.device)
            weights = state["ema"]["module"] if "ema" in state else state  # ours, or a plain state dict
        missing = load_fitting(self.net, weights)

        def look() -> None:
            for step in range(20):
                self.net(data.batch(step, 320, self.args.batch, 0, self.here.device).images)

        settle(self.net, look)
        self.ema.module.load_state_dict(self.net.state_dict())
        if self.here.main and missing:
            print(f"not in {path}: {', '.join(missing)}", file=sys.stderr)

    def train_step(self, batch: Batch, size: int, rate: float) -> Tensor:
        """One optimizer step at a learning rate. Returns the loss and its parts for classes and boxes, (3,)."""
        args, anchors = self.args, self.anchors[size]
        targets = self.match(anchors, batch.boxes, batch.kind, batch.probability)
        with autocast(self.here.device, self.dtype == torch.bfloat16):
            offsets, logits = self.net(batch.images)
        losses = multibox_loss(offsets, logits, targets, anchors, args.quality, args.most)
        self.optimizer.zero_grad(set_to_none=True)
        losses.total.backward()
        self.here.average_gradients(self.net)
        nn.utils.clip_grad_norm_(self.net.parameters(), 10.0)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        self.ema.update(self.net)
        self.step += 1
        self.images += len(batch.images) * self.here.size
        return torch.stack([losses.total, losses.classes, losses.boxes]).detach()

    def state_dict(self) -> dict[str, Any]:
        """Everything that `--resume` needs."""
        return {
            "model": self.args.model, "step": self.step, "images": self.images, "best": self.best,
            "net": self.net.state_dict(), "ema": self.ema.state_dict(), "optimizer": self.optimizer.state_dict(),
            "preferred": self.preferred, "options": json.dumps(vars(self.args), default=str),
        }  # fmt: skip

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        self.net.load_state_dict(state["net"])
        self.ema.load_state_dict(state["ema"])
        self.optimizer.load_state_dict(state["optimizer"])
        for group, wanted in zip(
            self.optimizer.param_groups, optimizer_of(self.net, self.args).param_groups, strict=True
        ):
            group["weight_decay"] = wanted["weight_decay"]  # so that --weight-decay counts on --resume
        self.preferred = state.get("preferred", {})
        self.step, self.images, self.best = int(state["step"]), int(state["images"]), float(state["best"])


def set_up(args: argparse.Namespace, here: World) -> tuple[Trainer, FaceData, Path]:
    """The trainer, new, resumed or begun from other weights, the pictures, and the run folder."""
    torch.manual_seed(args.seed)
    labels = training_pictures(args)
    with here.main_first():
        pictures = Pictures(labels, args.cache, here.main)
    resident = pictures.to(here.device, args.compile) if args.resident or here.device.type == "cuda" else None
    # Crops bring faces down to the smallest that count.
    recipe = Recipe(face_sizes=(0.9 * args.min_face, 400.0))
    data = FaceData(labels, pictures, recipe, args.min_face, args.seed, args.shares, resident, args.teacher)
    trainer = Trainer(args, here)
    if args.resume is not None:
        state = load_checkpoint(args.resume, here.device)
        for name in ("model", "optimizer"):
            if (was := json.loads(state["options"])[name]) != getattr(args, name):
                raise TrainingError(f"{args.resume} is of a run with --{name} {was}: leave out --{name}.")
        trainer.load_state_dict(state)
        folder = args.resume.parent
    else:
        if args.init is not None:
            trainer.init(args.init, data)
        folder = new_run_folder(args.runs, args.name or args.model) if here.main else Path()
    if here.main and trainer.step == 0:
        (folder / "options.json").write_text(json.dumps(vars(args), default=str, indent=1) + "\n", encoding="utf-8")
        save_inputs(data.batch(0, 320, 24), folder / "inputs.jpg")
    if args.mine:
        number = {item.name: k for k, item in enumerate(labels)}
        if number.keys().isdisjoint(trainer.preferred):
            trainer.preferred = hard_negatives(trainer, data, labels)
        data.prefer({number[name]: factor for name, factor in trainer.preferred.items() if name in number})
    if here.main:
        print(f"{folder}: {len(labels)} pictures, in {str(trainer.dtype).removeprefix('torch.')}", flush=True)
    trainer.net.train()
    return trainer, data, folder


def hard_negatives(trainer: Trainer, data: FaceData, labels: Sequence[Labelled]) -> dict[str, float]:
    """The training pictures without a face, by name -> how often to draw them: 0.1, and the highest score that the
    averaged weights give to something in them, letterboxed, which no label leaves open. Raises TrainingError where
    there are none."""
    detect = detector_of(trainer.ema.module, trainer.here.device)
    factors = {}
    for index, item in enumerate(labels):
        if item.event == FACELESS_EVENT:
            canvas, scale = letterbox(data.pictures[index], VGA)
            found = detect(canvas)
            left_open = pairwise_iou(found.boxes, data.truths[index].boxes * scale).max(1, initial=0) > 0.3
            factors[item.name] = 0.1 + float(found.scores[~left_open].max(initial=0))
    if not factors:
        raise TrainingError(f"--mine needs training pictures without faces, in a folder {FACELESS_EVENT}.")
    return factors


def train(args: argparse.Namespace, here: World) -> Path:
    """Runs the training and returns the run folder."""
    stop = StopRequest(args.time_limit * 60 if args.time_limit else None)
    evaluates = here.main and args.eval_every > 0
    validation = validation_pictures(args.data, args.eval_events.split(",")) if evaluates else {}
    trainer, data, folder = set_up(args, here)
    decay_steps = args.steps // 5 if args.decay is None else args.decay
    on_gpu = here.device.type == "cuda"
    steps: DataLoader[Prepared] = DataLoader(
        Steps(data, args, here.rank),
        batch_size=None,
        sampler=range(trainer.step, args.steps),
        num_workers=(6 if on_gpu else 0) if args.workers is None else args.workers,
        pin_memory=on_gpu,
    )
    saved_s = logged_s = time.monotonic()
    sums, since, images_at_log = torch.zeros(3, device=here.device), 0, trainer.images
    for prepared in tqdm(steps, "training", initial=trainer.step, total=args.steps, disable=None, mininterval=5):
        batch = data.finish(prepared, here.device, trainer.dtype)
        rate = args.lr * trapezoid(trainer.step, args.steps, args.warmup, decay_steps)
        sums += trainer.train_step(batch, prepared.size, rate)
        since += 1
        done = trainer.step
        ending = here.agree(bool(stop)) or done == args.steps
        if done % 100 == 0 or ending:
            check_finite(sums, done)
            if here.main:
                total, classes, boxes = (sums / since).tolist()
                now = time.monotonic()
                log_stats(
                    folder, step=done, images=trainer.images,
                    loss=total, loss_classes=classes, loss_boxes=boxes, lr=rate,
                    images_per_s=round((trainer.images - images_at_log) / (now - logged_s), 1),
                )  # fmt: skip
                logged_s, images_at_log = now, trainer.images
            sums, since = torch.zeros_like(sums), 0
        if evaluates and (done % args.eval_every == 0 or done == args.steps):
            evaluate(trainer, validation, folder)
        if here.main and (ending or time.monotonic() - saved_s > args.save_every * 60):
            save_checkpoint(folder / "last.pt", trainer.state_dict())
            saved_s = time.monotonic()
        if ending:
            break
    return folder


def training_pictures(args: argparse.Namespace) -> list[Labelled]:
    """The labelled ones, then those of `--faceless`, whose event is the folder's name. Raises TrainingError where one
    of its folders has none."""
    labels = read_split(args.data, "train")
    nothing = np.empty((0, 4), np.float32), np.empty(0, np.bool_)
    for folder in args.faceless:
        paths = list_files(folder, PICTURE_SUFFIXES)
        if not paths:
            raise TrainingError(f"--faceless {folder} has no pictures: name a folder of pictures without faces.")
        names = (f"{folder.name}/{path.relative_to(folder).as_posix()}" for path in paths)
        labels += [Labelled(path, name, folder.name, *nothing) for path, name in zip(paths, names, strict=True)]
    return labels


def evaluate(trainer: Trainer, validation: dict[str, list[Labelled]], folder: Path) -> None:
    """Logs the average precision of the moving average on each event, and keeps the best by the first one."""
    detect = detector_of(trainer.ema.module, trainer.here.device)
    found = {event: run_canvas(detect, items) for event, items in validation.items()}
    faceless = found.pop(FACELESS_EVENT, [])
    reports = {event: score(results + faceless).to_json() for event, results in found.items()}
    log_stats(folder, step=trainer.step, images=trainer.images, **reports)
    shown = [item for event in found for item in validation[event]]
    save_detections(detect, shown[:: max(1, len(shown) // 12)][:12], folder / f"faces{trainer.step:07d}.jpg")
    first = next(iter(reports.values()))["ap"]["all"] if reports else 0.0
    if first > trainer.best:
        trainer.best = first
        save_checkpoint(folder / "best.pt", {**trainer.state_dict(), "ap": json.dumps(reports)})


@command
def main(argv: list[str] | None = None) -> None:
    args = arguments(argv)
    with world(args.device) as here:
        folder = train(args, here)
        if here.main:
            print(f"results in {folder}")


if __name__ == "__main__":
    sys.exit(main())
