"""Starts the generator as the decoder of a variational autoencoder, before any discriminator sees its pictures.

    python -m train.sagan.pretrain --data ../shared/data/sagan --features runs/features-a.pt --out runs/pretrained.pt

A reconstruction tells the generator for each picture what is wrong where, which an untrained discriminator takes
hundreds of thousands of pictures to do: the layout of a cat's face is there after a few epochs, blurred. The file goes
into `python -m train.sagan.train --warm-start`, and a generator that began like this says so in its card. One process.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from train.engine import (
    StopRequest,
    TrainingError,
    World,
    autocast,
    check_finite,
    load_checkpoint,
    save_checkpoint,
    world,
)
from train.sagan.data import BatchSampler, load_pictures
from train.sagan.features import FeatureNet, load_features
from train.sagan.layers import refresh_spectral_norms
from train.sagan.networks import NetworkConfig
from train.sagan.sampling import class_grid, save_picture, set_standing_statistics
from train.sagan.trainer import TrainConfig, Trainer


class Encoder(nn.Module):
    """Pictures (N, 3, R, R) in -1..1 and label (N,) -> mean and log variance (N, z_dim) float32 of their latents."""

    def __init__(self, resolution: int, classes: int, z_dim: int, widths: tuple[int, ...] = (32, 64, 128, 192)) -> None:
        super().__init__()
        self.trunk = FeatureNet(1, widths)
        cells = (resolution // 2 ** len(widths)) ** 2
        self.out = nn.Linear(widths[-1] * cells, 2 * z_dim)
        self.label = nn.Embedding(classes, 2 * z_dim)

    def forward(self, images: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
        out = self.out(self.trunk.maps(images)[-1].flatten(1)).float() + self.label(label)
        mean, log_variance = out.chunk(2, dim=1)
        return mean, log_variance.clamp(-8, 4)


def feature_difference(teacher: FeatureNet, a: Tensor, b: Tensor) -> Tensor:
    """Mean over the maps of the squared distance between channel-normalised features of two batches of pictures."""
    with torch.no_grad():
        wanted = teacher.maps(a)
    pairs = zip(teacher.maps(b), wanted, strict=True)
    return torch.stack([(F.normalize(x) - F.normalize(y)).square().sum(1).mean().float() for x, y in pairs]).mean()


def train(args: argparse.Namespace, run: World) -> None:
    """The loop. The weight of the KL term follows `--nats`, so that the prior stays a good source of latents."""
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
    config = TrainConfig(batch=args.batch, lr_g=args.lr, ema_kimg=5.0)
    trainer = Trainer(network, config, data.classes, run)
    if args.start:
        trainer.warm_start(state)
    teacher = load_features(args.features, run.device)[0]
    encoder: Encoder = Encoder(network.resolution, network.classes, network.z_dim).to(
        run.device, memory_format=torch.channels_last
    )  # type: ignore[call-overload]
    optimizer_e = torch.optim.Adam(encoder.parameters(), args.lr, (0.5, 0.99), fused=True)
    for group in trainer.optimizer_g.param_groups:
        group["betas"] = (0.5, 0.99)  # a plain regression
    sampler = BatchSampler(data, args.batch, 1)
    steps = math.ceil(args.kimg * 1000 / args.batch)
    stop = StopRequest(args.time_limit)
    beta, started = 1e-3, time.perf_counter()
    for step in range(steps):
        factor = min(1.0, (step + 1) / min(100, steps / 10)) * (
            0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * step / steps))
        )
        for optimizer, rates in ((optimizer_e, (1.0,)), (trainer.optimizer_g, (1.0, config.gamma_rate))):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = args.lr * rate * factor
        images, label = sampler.next()
        refresh_spectral_norms(trainer.generator)
        with autocast(run.device, config.bf16):
            mean, log_variance = encoder(images, label)
            z = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
            made, _ = trainer.generator(z, label)
            features = feature_difference(teacher, images, made)
        pixels = (made - images).abs().mean()
        nats = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()
        loss = pixels + args.feature_weight * features + beta * nats
        check_finite(loss, step)
        beta *= math.exp(0.02 * max(-1.0, min(1.0, nats.item() / args.nats - 1)))
        optimizer_e.zero_grad(set_to_none=True)
        trainer.optimizer_g.zero_grad(set_to_none=True)
        loss.backward()
        optimizer_e.step()
        trainer.optimizer_g.step()
        trainer.ema.update(trainer.generator)
        trainer.images += len(images)
        if (step + 1) % args.log_steps == 0 or step + 1 == steps or stop:
            gammas = [round(float(g.detach()), 3) for g in trainer.generator.gammas()]
            print(
                f"{(step + 1) * args.batch} pictures, pixels {pixels.item():.3f}, features {features.item():.3f}, "
                f"nats {nats.item():.1f}, beta {beta:.2e}, gamma {gammas}, {time.perf_counter() - started:.0f} s",
                flush=True,
            )
            set_standing_statistics(trainer.ema.module, frequencies)
            save_picture(args.out.with_suffix(".png"), class_grid(trainer.ema.module))
            trainer.history = [f"{trainer.images:,} pictures as the decoder of a variational autoencoder"]
            save_checkpoint(args.out, trainer.state_dict())
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
    parser.add_argument("--feature-weight", type=float, default=1.0)
    parser.add_argument("--log-steps", type=int, default=100)
    parser.add_argument("--device", default="auto")
    args = parser.parse_args(argv)
    with world(args.device) as run:
        train(args, run)


if __name__ == "__main__":
    try:
        main()
    except TrainingError as error:
        sys.exit(str(error))
