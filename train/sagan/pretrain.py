"""Starts the generator as the decoder of a variational autoencoder, before any discriminator sees its pictures.

    python -m train.sagan.pretrain --data ../shared/data/sagan --features runs/features-a.pt --out runs/pretrained.pt

A reconstruction tells the generator for each picture what is wrong where, which an untrained discriminator takes
hundreds of thousands of pictures to do: the layout of a cat's face is there after a few epochs, blurred. The file goes
into `python -m train.sagan.train --warm-start`, and a generator that began like this says so in its card. One process.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import torch

from train.sagan.data import BatchSampler, load_pictures
from train.sagan.features import load_features
from train.sagan.layers import refresh_spectral_norms
from train.sagan.networks import NetworkConfig
from train.sagan.sampling import class_grid, save_picture, set_standing_statistics
from train.sagan.trainer import TrainConfig, Trainer
from train.training import (
    StopRequest,
    World,
    autocast,
    check_finite,
    load_checkpoint,
    run_command,
    save_checkpoint,
    world,
)

BETAS = (0.5, 0.99)


def train(args: argparse.Namespace, run: World) -> None:
    """The loop."""
    data = load_pictures(args.data, args.resolution, args.cache).to(run.device)
    frequencies = torch.bincount(data.labels.cpu(), minlength=len(data.classes)).double()
    if args.start:
        state = load_checkpoint(args.start)
        network = NetworkConfig(**state["network"])
    else:
        network = NetworkConfig(
            args.resolution, len(data.classes), 128, args.width, tuple(args.widths_g), tuple(args.widths_d),
            tuple(args.attention_g), tuple(args.attention_d),
        )  # fmt: skip
    config = TrainConfig(args.batch, lr_g=args.lr, ema_kimg=5.0, anchor=1.0, nats=args.nats)
    trainer = Trainer(network, config, data.classes, run, load_features(args.features, run.device)[0])
    if args.start:
        trainer.warm_start(state)
    optimizer_g = torch.optim.Adam(trainer.groups(trainer.generator), betas=BETAS, fused=True)  # a plain regression
    assert trainer.autoencoder is not None
    sampler = BatchSampler(data, args.batch, 1)
    steps = math.ceil(args.kimg * 1000 / args.batch)
    stop = StopRequest(args.time_limit)
    started = time.perf_counter()
    for step in range(steps):
        cosine = 0.5 * (1 + math.cos(math.pi * step / steps))
        factor = min(1.0, (step + 1) / min(100, steps / 10)) * (0.05 + 0.95 * cosine)
        for optimizer, rates in ((trainer.optimizer_e, (1.0, 0.0)), (optimizer_g, (1.0, config.gamma_rate))):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = args.lr * rate * factor
            optimizer.zero_grad(set_to_none=True)
        images, label = sampler.next()
        refresh_spectral_norms(trainer.generator)
        with autocast(run.device, config.bf16):
            parts = trainer.autoencoder(trainer.generator, images, label, trainer.random)
        check_finite(parts["loss"], step)
        parts["loss"].backward()
        trainer.optimizer_e.step()
        optimizer_g.step()
        trainer.ema.update(trainer.generator)
        trainer.images += len(images)
        if (step + 1) % args.log_steps == 0 or step + 1 == steps or stop:
            gammas = [round(float(g.detach()), 3) for g in trainer.generator.gammas()]
            words = ", ".join(f"{name} {value.item():.3f}" for name, value in parts.items())
            took = time.perf_counter() - started
            print(f"{trainer.images} pictures, {words}, gamma {gammas}, {took:.0f} s", flush=True)
            set_standing_statistics(trainer.ema.module, frequencies)
            save_picture(args.out.with_suffix(".png"), class_grid(trainer.ema.module))
            state = trainer.state_dict()
            state["history"] = [
                *trainer.history,
                f"{trainer.images:,} pictures as the decoder of a variational autoencoder that compares pictures "
                "in pixels and in the features of our own classifier",
            ]
            save_checkpoint(args.out, state)
        if stop:
            break


def main(argv: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a folder of class folders")
    parser.add_argument("--features", type=Path, required=True, help="a classifier, for the distance in features")
    parser.add_argument("--out", type=Path, required=True, help="checkpoint to write, for --warm-start")
    parser.add_argument("--start", type=Path, help="take networks and weights from this checkpoint")
    parser.add_argument("--cache", type=Path, default=Path("runs/cache"))
    parser.add_argument("--resolution", type=int, default=64)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--widths-g", type=int, nargs="+", default=[])
    parser.add_argument("--widths-d", type=int, nargs="+", default=[])
    parser.add_argument("--attention-g", type=int, nargs="+", default=[32])
    parser.add_argument("--attention-d", type=int, nargs="+", default=[32])
    parser.add_argument("--kimg", type=float, default=100.0, help="thousand pictures")
    parser.add_argument("--time-limit", type=float, help="seconds")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--nats", type=float, default=50.0, help="information that a latent carries of its picture")
    parser.add_argument("--log-steps", type=int, default=100)
    parser.add_argument("--device", default="auto")
    args = parser.parse_args(argv)
    with world(args.device) as run:
        train(args, run)


if __name__ == "__main__":
    run_command(main)
