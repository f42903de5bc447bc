"""How fast a training step is against a straightforward one with the same layers, alternating in one process.

    taskset -c 0 python -m train.sagan.bench --widths-g 256 192 96 48 16 --widths-d 256 192 96 48 16 --batch 16

The straightforward step has what a first version would have: float32, channels first, upsampling and averaging as steps
of their own, power iteration at every forward pass, real and fake pictures through D one after the other, and new fakes
for G. Times are CPU time of the process, on one thread.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from train.sagan.augment import diff_augment
from train.sagan.data import BatchSampler, PictureSet
from train.sagan.layers import Conv, refresh_spectral_norms
from train.sagan.networks import Discriminator, Generator, NetworkConfig
from train.sagan.trainer import TrainConfig, Trainer, discriminator_hinge, generator_hinge
from train.training import World, keep_memory


class Straightforward:
    """The same networks and losses without any of the measures."""

    def __init__(self, config: NetworkConfig, batch: int) -> None:
        self.config, self.batch = config, batch
        self.generator, self.discriminator = Generator(config), Discriminator(config)
        self.average = Generator(config)
        for network in (self.generator, self.discriminator):
            for part in network.modules():
                if isinstance(part, Conv):
                    part.folded = False
        betas = (0.0, 0.9)
        self.optimizer_g = torch.optim.Adam(self.generator.parameters(), 1e-4, betas)
        self.optimizer_d = torch.optim.Adam(self.discriminator.parameters(), 4e-4, betas)

    def forward(self, network: nn.Module, *inputs: Tensor) -> Tensor:
        """One forward pass with its own power iteration, as `torch.nn.utils.spectral_norm` makes it."""
        refresh_spectral_norms(network)
        result: Tensor = network(*inputs)[0]
        return result

    def fakes(self) -> tuple[Tensor, Tensor]:
        """New pictures (B, 3, R, R) and their labels (B,)."""
        label = torch.randint(self.config.classes, (self.batch,))
        return self.forward(self.generator, torch.randn(self.batch, self.config.z_dim), label), label

    def step(self, real: Tensor, real_label: Tensor) -> None:
        """One step of D and one of G."""
        fake, label = self.fakes()
        score_real = self.forward(self.discriminator, diff_augment(real.contiguous()), real_label)
        score_fake = self.forward(self.discriminator, diff_augment(fake.detach()), label)
        self.optimizer_d.zero_grad()
        discriminator_hinge(score_real, score_fake).backward()
        self.optimizer_d.step()
        fake, label = self.fakes()
        self.optimizer_g.zero_grad()
        generator_hinge(self.forward(self.discriminator, diff_augment(fake), label)).backward()
        self.optimizer_g.step()
        with torch.no_grad():
            for mine, theirs in zip(self.average.parameters(), self.generator.parameters(), strict=True):
                mine.lerp_(theirs, 0.001)


def cpu_ms(step: Callable[[], object]) -> float:
    """CPU time of one call, milliseconds."""
    start = time.process_time()
    step()
    return (time.process_time() - start) * 1e3


def main(argv: list[str] | None = None) -> float:
    """The command line; returns how many times as fast the step is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--resolution", type=int, default=64)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--widths-g", type=int, nargs="+", default=[])
    parser.add_argument("--widths-d", type=int, nargs="+", default=[])
    parser.add_argument("--attention-g", type=int, nargs="+", default=[32])
    parser.add_argument("--attention-d", type=int, nargs="+", default=[16])
    parser.add_argument("--classes", type=int, default=12)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--profile", action="store_true", help="also list where a step spends its time")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    keep_memory()
    config = NetworkConfig(
        args.resolution, args.classes, 128, args.width, tuple(args.widths_g), tuple(args.widths_d),
        tuple(args.attention_g), tuple(args.attention_d),
    )  # fmt: skip
    images = torch.randint(256, (4 * args.batch, 3, args.resolution, args.resolution), dtype=torch.uint8)
    labels = torch.arange(len(images)) % args.classes
    data = PictureSet(images, labels, [str(i) for i in range(args.classes)], [str(i) for i in range(len(images))])
    sampler = BatchSampler(data, args.batch, 0)
    ours = Trainer(config, TrainConfig(batch=args.batch), data.classes, World(0, 1, torch.device("cpu")))
    plain = Straightforward(config, args.batch)
    frequencies = torch.ones(args.classes)
    steps = {
        "this trainer": lambda: ours.train_step(sampler, frequencies),
        "straightforward": lambda: plain.step(*sampler.next()),
    }
    times: dict[str, list[float]] = {name: [] for name in steps}
    for index in range(args.rounds + 1):
        for name, step in steps.items():
            duration = cpu_ms(step)
            if index:  # the first is warm-up
                times[name].append(duration)
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, median in medians.items():
        print(f"{name}: {median:.0f} ms a step of {args.batch}, {args.batch / median * 1e3:.1f} images/s")
    ratio = medians["straightforward"] / medians["this trainer"]
    print(f"{ratio:.2f} times as fast")
    if args.profile:
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
            steps["this trainer"]()
        print(profile.key_averages().table(sort_by="self_cpu_time_total", row_limit=15))
    return ratio


if __name__ == "__main__":
    main()
