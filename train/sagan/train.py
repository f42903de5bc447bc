"""Trains the Self-Attention GAN on a folder of class folders.

    python -m train.sagan.train --data ../shared/data/sagan --time-limit 7200

goes on with the newest run by `--resume runs/00000-sagan64/latest.pt`; several processes by
`torchrun --nproc-per-node 2 -m train.sagan.train ...` (`--batch` is then the batch of each). The run folder gets
`stats.jsonl`, `fakes<KIMG>.png`, `latest.pt` and, when `--features` names a classifier, `best.pt` by FID.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from train.sagan.data import BatchSampler, PictureSet, load_pictures
from train.sagan.evaluate import Judge, load_run
from train.sagan.features import load_features
from train.sagan.networks import NetworkConfig
from train.sagan.reuse import state_of_onnx
from train.sagan.sampling import class_grid, set_standing_statistics
from train.sagan.trainer import TrainConfig, Trainer
from train.sheets import save_picture
from train.training import (
    StopRequest,
    TrainingError,
    World,
    command,
    computes_bf16,
    log_stats,
    new_run_folder,
    resumed_arguments,
    save_checkpoint,
    world,
)


def boolean(text: str) -> bool:
    """true or false on the command line."""
    if text.lower() not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"{text} is neither true nor false.")
    return text.lower() == "true"


KINDS: dict[str, Callable[[str], int | float | bool]] = {"int": int, "float": float, "bool": boolean}
LISTS = ("widths_g", "widths_d", "attention_g", "attention_d")


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a folder of class folders")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where run folders go")
    parser.add_argument("--name", default="", help="name of the run folder")
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--resume", type=Path, help="a checkpoint to go on from, in its own run folder")
    help_text = (
        "take equally named and shaped weights from this checkpoint, of train.sagan.grow or another run; or all of an"
        " exported NAME.onnx and the NAME-d.onnx beside it"
    )
    start.add_argument("--warm-start", type=Path, help=help_text)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--compile", action="store_true", help="torch.compile: minutes to start, then a fifth faster")
    parser.add_argument("--kimg", type=float, default=1000.0, help="stop after this many thousand real pictures")
    parser.add_argument("--time-limit", type=float, help="stop after this many seconds, with a checkpoint")
    parser.add_argument("--log-kimg", type=float, default=1.0)
    parser.add_argument("--save-kimg", type=float, default=10.0)
    parser.add_argument("--grid-kimg", type=float, default=20.0)
    parser.add_argument("--features", type=Path, help="a classifier to measure FID with; keeps best.pt")
    parser.add_argument("--fid-kimg", type=float, default=20.0)
    parser.add_argument("--fid-samples", type=int, default=2000)
    network = parser.add_argument_group("networks (taken from the checkpoint on --resume)")
    network.add_argument("--resolution", type=int, default=64)
    network.add_argument("--width", type=int, default=64)
    for name in LISTS:
        network.add_argument("--" + name.replace("_", "-"), type=int, nargs="+")
    for name in ("norm_g", "norm_d"):
        help_text = "spectral norm in this network, default true"
        network.add_argument("--" + name.replace("_", "-"), type=boolean, default=True, help=help_text)
    group = parser.add_argument_group("course of the run (taken from the checkpoint on --resume unless given)")
    for item in fields(TrainConfig):
        kind = KINDS[str(item.type)]
        help_text = f"default {item.default}"
        group.add_argument("--" + item.name.replace("_", "-"), type=kind, default=item.default, help=help_text)
    return resumed_arguments(parser, argv, lambda path: asdict(TrainConfig.of(load_run(path))))


def set_up(args: argparse.Namespace, run: World) -> tuple[Trainer, PictureSet, Path]:
    """The trainer, new, resumed or warmed up, the pictures, and the run folder."""
    state = load_run(args.resume) if args.resume else None
    config = TrainConfig(**{item.name: getattr(args, item.name) for item in fields(TrainConfig)})
    if state:
        network = NetworkConfig(**state["network"])
    else:
        lists = {n: tuple(getattr(args, n) or getattr(NetworkConfig, n)) for n in LISTS}
        norms = {"norm_g": args.norm_g, "norm_d": args.norm_d}
        network = NetworkConfig(args.resolution, width=args.width, **norms, **lists)  # type: ignore[arg-type]
    with run.main_first():
        data = load_pictures(args.data, network.resolution, args.runs / "cache").to(run.device)
    if state:
        if state["classes"] != data.classes:
            raise TrainingError(f"The checkpoint was trained on {', '.join(state['classes'])}: give the same --data.")
        folder = args.resume.parent
    else:
        network = replace(network, classes=len(data.classes))
        folder = new_run_folder(args.runs, args.name or f"sagan{network.resolution}") if run.main else args.runs
    trainer = Trainer(network, config, data.classes, run, args.compile)
    if state:
        trainer.load_state_dict(state)
    elif args.warm_start:
        from_onnx = args.warm_start.suffix == ".onnx"
        state = state_of_onnx(args.warm_start, network) if from_onnx else load_run(args.warm_start)
        new = trainer.warm_start(state)
        if run.main and new:
            print(f"not in {args.warm_start}: {', '.join(new)}", file=sys.stderr)
    return trainer, data, folder


def train(args: argparse.Namespace, run: World) -> Path:
    """Runs the training and returns the run folder."""
    stop = StopRequest(args.time_limit)
    trainer, data, folder = set_up(args, run)
    frequencies = data.frequencies
    sampler = BatchSampler(data, trainer.config.batch, trainer.config.seed, run.rank, run.size)
    sampler.position = trainer.images // run.size
    judge = None
    if run.main:
        kind = "bfloat16" if trainer.config.bf16 and computes_bf16(run.device) else "float32"
        size = f"{len(data)} pictures, {len(data.classes)} classes"
        print(f"{folder}: {size}, in {kind}, {trainer.network}, {trainer.config}", flush=True)
        if args.features:
            judge = Judge(load_features(args.features, run.device), data)

    def due(kimg: float) -> bool:
        return int(trainer.images / (kimg * 1000)) > int(before / (kimg * 1000))

    since_s, since_images = time.perf_counter(), trainer.images
    while trainer.images < args.kimg * 1000 and not run.agree(bool(stop)):
        before = trainer.images
        losses = trainer.train_step(sampler, frequencies)
        if not run.main:
            continue
        if due(args.log_kimg):
            now_s = time.perf_counter()
            rate = (trainer.images - since_images) / (now_s - since_s)
            since_s, since_images = now_s, trainer.images
            values: dict[str, Any] = {name: round(float(value), 4) for name, value in losses.items()}
            values |= {"images_per_s": round(rate, 1), **trainer.watch()}
            log_stats(folder, images=trainer.images, step=trainer.step, **values)
        if due(args.save_kimg):
            save_checkpoint(folder / "latest.pt", trainer.state_dict())
        if judge is not None and due(args.fid_kimg):
            fid = measure_fid(trainer, judge, args.fid_samples, folder)
            if fid < trainer.best_fid:
                trainer.best_fid = fid
                save_checkpoint(folder / "best.pt", trainer.state_dict())
        if due(args.grid_kimg):
            save_grid(trainer, frequencies, folder)
    if run.main:
        save_checkpoint(folder / "latest.pt", trainer.state_dict())
        save_grid(trainer, frequencies, folder)
    return folder


def measure_fid(trainer: Trainer, judge: Judge, samples: int, folder: Path) -> float:
    """FID of the averaged generator, logged."""
    set_standing_statistics(trainer.ema.module, judge.frequencies)
    fid = judge.fid(trainer.ema.module, samples)
    log_stats(folder, images=trainer.images, step=trainer.step, fid_own_features=round(fid, 3), samples=samples)
    print(f"{trainer.images} images: FID (own features) {fid:.2f}", flush=True)
    return fid


def save_grid(trainer: Trainer, frequencies: Tensor, folder: Path) -> None:
    """Writes the sample grid: a row for each class, the same latents every time."""
    set_standing_statistics(trainer.ema.module, frequencies)
    save_picture(folder / f"fakes{trainer.images // 1000:06d}.png", class_grid(trainer.ema.module))


def main(argv: list[str] | None = None) -> Path:
    """Trains; returns the run folder."""
    args = arguments(argv)
    with world(args.device) as run:
        return train(args, run)


if __name__ == "__main__":
    sys.exit(command(main)())
