"""Doubles the resolution of a trained run: a checkpoint at 32 px becomes the start of one at 64 px.

    python -m train.sagan.grow --data ../shared/data/sagan --checkpoint runs/00000-sagan32/latest.pt --out runs/64.pt

At half the resolution a step costs half as much, so that the layout of a picture is learnt there. The larger networks
keep every layer that they share with the smaller ones. What is new (the last block of G, the first two of D) would
hand noise to layers that know what they do, and is fitted first, for a few hundred steps: G paints what the smaller
one paints, enlarged, and D's new layers give the rest of D what it got from pictures of half the size. The file goes
into `python -m train.sagan.train --warm-start`, with `--burn-in` for D to see finer pictures before G follows it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from train.sagan.data import BatchSampler, load_pictures
from train.sagan.evaluate import load_run
from train.sagan.layers import refresh_spectral_norms
from train.sagan.networks import Discriminator, Generator, NetworkConfig
from train.sagan.sampling import draw_labels
from train.sagan.trainer import TrainConfig, Trainer
from train.training import (
    TrainingError,
    World,
    autocast,
    check_finite,
    command,
    placed,
    save_checkpoint,
    world,
)


def larger(config: NetworkConfig, width_g: int, width_d: int) -> NetworkConfig:
    """The networks with twice the resolution, with so many channels at the new one."""
    return NetworkConfig(
        **config.to_dict()
        | {
            "resolution": 2 * config.resolution,
            "widths_g": (*config.widths_g, width_g),
            "widths_d": (*config.widths_d, width_d),
        }
    )


def tail(generator: Generator) -> list[nn.Module]:
    """What G has beyond a generator of half its resolution."""
    return [generator.blocks[str(generator.config.resolution)], generator.last_norm, generator.last]


def head(discriminator: Discriminator) -> list[nn.Module]:
    """The first two blocks of D: a smaller one begins with the second, which sees pixels there."""
    side = discriminator.config.resolution
    return [discriminator.blocks[str(side)], discriminator.blocks[str(side // 2)]]


def grow(args: argparse.Namespace, run: World) -> Trainer:
    """Fits what is new; returns the larger networks as a trainer."""
    state = load_run(args.checkpoint)
    config = NetworkConfig(**state["network"])
    network = larger(config, args.width_g, args.width_d)
    large = Trainer(network, TrainConfig(args.batch), state["classes"], run)
    large.warm_start(state)
    # The average is what people see and what changes least, so G goes on from there.
    large.generator.load_state_dict(large.ema.module.state_dict())
    small_g = placed(Generator(config), run.device)
    small_d = placed(Discriminator(config), run.device)
    small_g.load_state_dict(state["ema"]["module"])
    small_d.load_state_dict(state["discriminator"])

    data = load_pictures(args.data, network.resolution, args.cache).to(run.device)
    if data.classes != large.classes:
        raise TrainingError(f"The checkpoint was trained on {', '.join(large.classes)}: give the same --data.")
    frequencies = data.frequencies
    sampler = BatchSampler(data, args.batch, 1)
    networks = (large.generator, large.discriminator)
    new = nn.ModuleList([*tail(large.generator), *head(large.discriminator)])
    for owner in networks:  # all but what is new stands still
        owner.requires_grad_(False)
    new.requires_grad_(True)
    optimizer = torch.optim.Adam(new.parameters(), args.lr, betas=(0.5, 0.99), fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.steps, 0.02 * args.lr)
    for step in range(args.steps):
        real, _ = sampler.next()
        z = torch.randn(args.batch, network.z_dim, generator=large.random).to(run.device)
        label = draw_labels(args.batch, frequencies, large.random).to(run.device)
        for owner in networks:
            refresh_spectral_norms(owner)
        with autocast(run.device):
            made, loss_g = generator_loss(large.generator, small_g, z, label)
            loss_d = discriminator_loss(large.discriminator, small_d, torch.cat((real, made.detach())))
        check_finite(loss_g + loss_d, step)
        optimizer.zero_grad(set_to_none=True)
        (loss_g + loss_d).backward()
        optimizer.step()
        schedule.step()
        if (step + 1) % max(1, args.steps // 10) == 0:
            print(f"{step + 1}/{args.steps}: pictures {loss_g.item():.3f}, features {loss_d.item():.3f}", flush=True)
    for owner in networks:
        owner.requires_grad_(True)
    large.ema.module.load_state_dict(large.generator.state_dict())
    return large


def generator_loss(large: Generator, small: Generator, z: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
    """The larger G's pictures, and how far they are from the smaller one's: enlarged, and at half their own size."""
    with torch.no_grad():
        painted, _ = small(z, label)
        wanted = F.interpolate(painted, scale_factor=2.0, mode="bilinear")
    made, _ = large(z, label)
    return made, (made - wanted).abs().mean() + (F.avg_pool2d(made, 2) - painted).abs().mean()


def discriminator_loss(large: Discriminator, small: Discriminator, pictures: Tensor) -> Tensor:
    """How far what the larger D's first blocks make of pictures is from what the smaller D's first block makes of them
    at half the size: in shares of what the latter varies by, so that 1 is knowing nothing."""
    with torch.no_grad():
        known = small.blocks[str(small.config.resolution)](F.avg_pool2d(pictures, 2)).float()
    for block in head(large):
        pictures = block(pictures)
    return (pictures.float() - known).square().mean() / known.var()


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of class folders of the run")
    parser.add_argument("--checkpoint", type=Path, required=True, help="of the run at half the resolution")
    parser.add_argument("--out", type=Path, required=True, help="checkpoint to write, for --warm-start")
    parser.add_argument("--cache", type=Path, default=Path("runs/cache"))
    parser.add_argument("--width-g", type=int, default=24, help="channels of G at the new resolution")
    parser.add_argument("--width-d", type=int, default=24, help="channels of D at the new resolution")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--device", default="auto")
    args = parser.parse_args(argv)
    with world(args.device) as run:
        save_checkpoint(args.out, grow(args, run).state_dict())


if __name__ == "__main__":
    sys.exit(command(main)())
