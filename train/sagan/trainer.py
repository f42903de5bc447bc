"""One training step of the Self-Attention GAN and the state that a checkpoint holds; the loop is in `train.py`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from train.sagan.augment import diff_augment
from train.sagan.data import BatchSampler
from train.sagan.layers import SpectralNorm, refresh_spectral_norms
from train.sagan.networks import Discriminator, Generator, NetworkConfig
from train.sagan.sampling import draw_labels
from train.sagan.self_attention import gammas
from train.training import Ema, TrainingError, World, autocast, check_finite, load_fitting, placed


@dataclass(frozen=True)
class TrainConfig:
    """What decides the course of a run; a checkpoint holds it. Learning rates are the paper's at its batch of 256."""

    batch: int = 32
    lr_g: float = 1e-4
    lr_d: float = 4e-4
    beta1: float = 0.0
    beta2: float = 0.9
    gamma_rate: float = 10.0  # learning rate of each attention layer's gamma, in those of its network
    ema_kimg: float = 10.0  # images (thousands) after which a weight counts half
    translation: float = 0.125
    cut: float = 0.5
    burn_in: int = 0  # first steps in which D alone learns, after a warm start
    bf16: bool = True  # where the device computes in it
    seed: int = 0

    @classmethod
    def of(cls, state: dict[str, Any]) -> TrainConfig:
        """That of a checkpoint. Raises TrainingError for one of a run with what there is no longer."""
        values = state["config"]
        for name, without in (("critic", 0.0), ("anchor", 0.0), ("accumulate", 1), ("d_steps", 1)):
            if (values.get(name) or without) != without:
                raise TrainingError(
                    f"The checkpoint was trained with {name} {values[name]:g}, which was given up: take its weights"
                    " with --warm-start."
                )
        return cls(**{field.name: values[field.name] for field in fields(cls) if field.name in values})


def pictures_seen(state: dict[str, Any]) -> list[str]:
    """How the weights of a checkpoint came about, in words: run after run, each with its pictures."""
    count = state.get("images", 0)
    own = [f"{count:,} pictures at {state['network']['resolution']} px"] if count else []
    return [*state.get("history", []), *own]


def discriminator_hinge(real: Tensor, fake: Tensor) -> Tensor:
    """mean(max(0, 1 - D(real))) + mean(max(0, 1 + D(fake))), SAGAN section 4; real, fake: (N,) scores."""
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def generator_hinge(fake: Tensor) -> Tensor:
    """-mean(D(fake)); fake: (N,) scores."""
    return -fake.mean()


class Trainer:
    """Both networks, their optimizers and the state that a checkpoint holds.

    compiled: run both networks through torch.compile.
    """

    def __init__(
        self, network: NetworkConfig, config: TrainConfig, classes: list[str], run: World, compiled: bool = False
    ) -> None:
        self.network, self.config, self.classes, self.run = network, config, classes, run
        torch.manual_seed(config.seed)  # the same start on every process
        self.generator = placed(Generator(network), run.device)
        self.discriminator = placed(Discriminator(network), run.device)
        # The same modules, for the forward passes of training: a compiled one shares its weights with its original.
        self.forward_g = torch.compile(self.generator) if compiled else self.generator
        self.forward_d = torch.compile(self.discriminator) if compiled else self.discriminator
        per_step = config.batch * run.size
        self.ema = Ema(self.generator, 0.5 ** (per_step / (config.ema_kimg * 1000)))
        self.optimizer_g = torch.optim.Adam(self.groups(self.generator), fused=True)
        self.optimizer_d = torch.optim.Adam(self.groups(self.discriminator), fused=True)
        self.step = 0
        self.images = 0  # real pictures that D has seen, over all processes
        self.best_fid = float("inf")
        self.history: list[str] = []  # how the weights came about before this run, in words
        self.random = torch.Generator()

    def groups(self, module: nn.Module) -> list[dict[str, Any]]:
        """The module's weights with their learning rates and betas, the gammas of attention layers apart.

        Adam moves a number by about its learning rate a step. A gamma starts at 0 and has to come up to about 1, so
        that at the rate of the weights, short runs would hardly see any attention.
        """
        rate = self.config.lr_g if module is self.generator else self.config.lr_d
        betas = (self.config.beta1, self.config.beta2)
        own = gammas(module)
        others = [p for p in module.parameters() if all(p is not gamma for gamma in own)]
        return [
            {"params": others, "lr": rate, "betas": betas},
            {"params": own, "lr": rate * self.config.gamma_rate, "betas": betas},
        ]

    def train_step(self, sampler: BatchSampler, frequencies: Tensor) -> dict[str, Tensor]:
        """One step of D and, past the burn-in, one of G. Returns scalars: loss_d, loss_g, score_real, score_fake."""
        # The draws depend on the step alone, so that a resumed run makes the same ones.
        self.random.manual_seed((self.config.seed * 1_000_003 + self.step) * 1024 + self.run.rank)
        refresh_spectral_norms(self.generator)
        logged, fake, label = self.train_discriminator(sampler, frequencies)
        if self.step >= self.config.burn_in:
            logged["loss_g"] = self.train_generator(fake, label)
        self.step += 1
        return {name: value.detach().mean() for name, value in logged.items()}

    def train_discriminator(
        self, sampler: BatchSampler, frequencies: Tensor
    ) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """One optimizer step of D. Returns what there is to log, and the fakes (N, 3, R, R) with their labels.

        The fakes carry gradients for G, which learns from the same ones: that saves a pass.
        """
        refresh_spectral_norms(self.discriminator)
        self.optimizer_d.zero_grad(set_to_none=True)
        real, real_label = sampler.next()
        z = torch.randn(self.config.batch, self.network.z_dim, generator=self.random).to(self.run.device)
        label = draw_labels(self.config.batch, frequencies, self.random).to(self.run.device)
        with autocast(self.run.device, self.config.bf16):
            fake, _ = self.forward_g(z, label)
            pictures = self.augment(torch.cat((real, fake.detach())))
            scores, _ = self.forward_d(pictures, torch.cat((real_label, label)))
            score_real, score_fake = scores.chunk(2)
            loss = discriminator_hinge(score_real, score_fake)
        check_finite(loss, self.step)
        loss.backward()
        self.images += len(real) * self.run.size
        self.run.average_gradients(self.discriminator)
        self.optimizer_d.step()
        return {"score_real": score_real, "score_fake": score_fake, "loss_d": loss}, fake, label

    def train_generator(self, fake: Tensor, label: Tensor) -> Tensor:
        """One optimizer step of G, which painted the fakes, and of the moving average. Returns the loss."""
        self.optimizer_g.zero_grad(set_to_none=True)
        self.discriminator.requires_grad_(False)
        with autocast(self.run.device, self.config.bf16):
            scores, _ = self.forward_d(self.augment(fake), label)
            loss = generator_hinge(scores)
        check_finite(loss, self.step)
        loss.backward()
        self.discriminator.requires_grad_(True)
        self.run.average_gradients(self.generator)
        self.optimizer_g.step()
        self.ema.update(self.generator)
        return loss

    def augment(self, pictures: Tensor) -> Tensor:
        """DiffAugment with the strengths of this run."""
        return diff_augment(pictures, self.config.translation, self.config.cut, self.random)

    def watch(self) -> dict[str, Any]:
        """What tells early that a run goes wrong: the gammas, and the range of the spectral norms before division."""
        values: dict[str, Any] = {}
        for name, module in (("g", self.generator), ("d", self.discriminator)):
            values[f"gamma_{name}"] = [round(float(gamma.detach()), 4) for gamma in gammas(module)]
            norms = [float(m.sigma().detach()) for m in module.modules() if isinstance(m, SpectralNorm)]
            values[f"sigma_{name}"] = [round(min(norms), 3), round(max(norms), 3)]
        return values

    def warm_start(self, state: dict[str, Any]) -> list[str]:
        """Takes over the weights of a checkpoint that have the same name and shape, as from half the resolution;
        returns the names of the others. Raises TrainingError where a network gets none."""
        self.history = pictures_seen(state)
        load_fitting(self.ema.module, state["ema"]["module"])
        return [
            f"{part}.{name}"
            for part in ("generator", "discriminator")
            for name in load_fitting(getattr(self, part), state[part])
        ]

    def state_dict(self) -> dict[str, Any]:
        """Everything that `resume` needs, as tensors, numbers, strings, lists and dicts."""
        return {
            "format": 1,
            "network": self.network.to_dict(),
            "config": asdict(self.config),
            "classes": self.classes,
            "generator": self.generator.state_dict(),
            "discriminator": self.discriminator.state_dict(),
            "ema": self.ema.state_dict(),
            "optimizer_g": self.optimizer_g.state_dict(),
            "optimizer_d": self.optimizer_d.state_dict(),
            "step": self.step,
            "images": self.images,
            "best_fid": self.best_fid,
            "history": self.history,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        for name in ("generator", "discriminator", "ema", "optimizer_g", "optimizer_d"):
            getattr(self, name).load_state_dict(state[name])
        for module, optimizer in ((self.generator, self.optimizer_g), (self.discriminator, self.optimizer_d)):
            for group, wanted in zip(optimizer.param_groups, self.groups(module), strict=True):
                # So that --lr-g, --lr-d, --beta1 and --beta2 count on --resume.
                group.update(lr=wanted["lr"], betas=wanted["betas"])
        self.step, self.images, self.best_fid = int(state["step"]), int(state["images"]), float(state["best_fid"])
        self.history = list(state.get("history", []))
