"""One training step of the Self-Attention GAN and the state that a checkpoint holds; the loop is in `train.py`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from train.sagan.augment import diff_augment
from train.sagan.autoencoder import Autoencoder
from train.sagan.data import BatchSampler
from train.sagan.feature_critic import FeatureCritic
from train.sagan.features import FeatureNet
from train.sagan.layers import SelfAttention, SpectralNorm, refresh_spectral_norms
from train.sagan.losses import discriminator_hinge, generator_hinge
from train.sagan.networks import Discriminator, Generator, NetworkConfig
from train.sagan.sampling import draw_labels, draw_latents
from train.training import Ema, World, autocast, check_finite, seed_everything


@dataclass(frozen=True)
class TrainConfig:
    """What decides the course of a run; a checkpoint holds it. Learning rates are the paper's at its batch of 256."""

    batch: int = 32
    accumulate: int = 1  # batches per optimizer step
    d_steps: int = 1
    lr_g: float = 1e-4
    lr_d: float = 4e-4
    beta1: float = 0.0
    beta2: float = 0.9
    gamma_rate: float = 10.0  # learning rate of each attention layer's gamma, in those of its network
    ema_kimg: float = 10.0  # images (thousands) after which a weight counts half
    translation: float = 0.125
    cut: float = 0.5
    critic: float = 0.0  # weight of the feature critic's score in the loss of G; 0: the paper's discriminator alone
    anchor: float = 0.0  # gradient of G from reconstructing real pictures (`autoencoder.py`), in that of the judges
    nats: float = 50.0  # information that a latent may carry of its picture, for the anchor
    burn_in: int = 0  # first steps in which D alone learns, after a warm start
    bf16: bool = True
    seed: int = 0


class Trainer:
    """Both networks, their optimizers and the state that a checkpoint holds.

    teacher: the classifier whose features critic and anchor see; needed when either has a weight over 0. compiled: run
    both networks through torch.compile.
    """

    def __init__(
        self,
        network: NetworkConfig,
        config: TrainConfig,
        classes: list[str],
        run: World,
        teacher: FeatureNet | None = None,
        compiled: bool = False,
    ) -> None:
        self.network, self.config, self.classes, self.run = network, config, classes, run
        seed_everything(config.seed)  # the same start on every process

        def place(module: nn.Module) -> Any:
            return module.to(run.device, memory_format=torch.channels_last)  # type: ignore[call-overload]

        self.generator: Generator = place(Generator(network))
        self.discriminator: Discriminator = place(Discriminator(network))
        # The same modules, for the forward passes of training: a compiled one shares its weights with its original.
        self.forward_g = torch.compile(self.generator) if compiled else self.generator
        self.forward_d = torch.compile(self.discriminator) if compiled else self.discriminator
        per_step = config.batch * config.accumulate * run.size
        self.ema = Ema(self.generator, place(Generator(network)), 0.5 ** (per_step / (config.ema_kimg * 1000)))
        betas = (config.beta1, config.beta2)
        self.optimizer_g = torch.optim.Adam(self.groups(self.generator), betas=betas, fused=True)
        self.optimizer_d = torch.optim.Adam(self.groups(self.discriminator), betas=betas, fused=True)
        self.critic: FeatureCritic | None = None
        if config.critic > 0:
            assert teacher is not None
            self.critic = place(FeatureCritic(teacher, network.resolution, network.classes))
            self.optimizer_c = torch.optim.Adam(self.groups(self.critic), betas=betas, fused=True)
        self.autoencoder: Autoencoder | None = None
        if config.anchor > 0:
            assert teacher is not None
            self.autoencoder = place(
                Autoencoder(teacher, network.resolution, network.classes, network.z_dim, config.nats)
            )
            self.optimizer_e = torch.optim.Adam(self.groups(self.autoencoder), betas=(0.5, 0.99), fused=True)
        self.step = 0
        self.images = 0  # real pictures that D has seen, over all processes
        self.best_fid = float("inf")
        self.history: list[str] = []  # how the weights came about before this run, in words
        self.random = torch.Generator()

    def groups(self, module: nn.Module) -> list[dict[str, Any]]:
        """The module's weights with their learning rates, the gammas of attention layers apart.

        Adam moves a number by about its learning rate a step. A gamma starts at 0 and has to come up to about 1, so
        that at the rate of the weights, short runs would hardly see any attention.
        """
        rate = self.config.lr_g if module is self.generator else self.config.lr_d
        gammas = [m.gamma for m in module.modules() if isinstance(m, SelfAttention)]
        others = [p for p in module.parameters() if all(p is not gamma for gamma in gammas)]
        return [{"params": others, "lr": rate}, {"params": gammas, "lr": rate * self.config.gamma_rate}]

    def draw(self, frequencies: Tensor) -> tuple[Tensor, Tensor]:
        """Latents (B, z_dim) and labels (B,) for one batch of this process."""
        z = draw_latents(self.config.batch, self.network.z_dim, self.random)
        label = draw_labels(self.config.batch, frequencies, self.random)
        return z.to(self.run.device), label.to(self.run.device)

    def train_step(self, sampler: BatchSampler, frequencies: Tensor) -> dict[str, Tensor]:
        """One step of G and `d_steps` of D. Returns scalars: loss_d, loss_g, score_real, score_fake."""
        c = self.config
        # The draws depend on the step alone, so that a resumed run makes the same ones.
        self.random.manual_seed((c.seed * 1_000_003 + self.step) * 1024 + self.run.rank)
        refresh_spectral_norms(self.generator)
        logged: dict[str, Tensor] = {}
        for d_step in range(c.d_steps):
            for module, optimizer in self.judges():
                refresh_spectral_norms(module)
                optimizer.zero_grad(set_to_none=True)
            # The last fakes that D learns from serve G too, which saves a pass; several batches of them would not fit.
            shared = c.accumulate == 1 and d_step == c.d_steps - 1
            for _ in range(c.accumulate):
                real, real_label = sampler.next()
                z, label = self.draw(frequencies)
                with autocast(self.run.device, c.bf16):
                    with torch.set_grad_enabled(shared):
                        fake, _ = self.forward_g(z, label)
                    pictures = self.augment(torch.cat((real, fake.detach())))
                    both = torch.cat((real_label, label))
                    scores, _ = self.forward_d(pictures, both)
                    loss = loss_d = discriminator_hinge(*scores.chunk(2))
                    logged |= dict(zip(("score_real", "score_fake"), scores.chunk(2), strict=True))
                    if self.critic is not None:
                        logged["loss_c"] = discriminator_hinge(*self.critic(pictures, both).chunk(2))
                        loss = loss_d + logged["loss_c"]  # no weight in common, so the sum trains each by itself
                check_finite(loss, self.step)
                (loss / c.accumulate).backward()
                self.images += len(real) * self.run.size
            logged["loss_d"] = loss_d
            for module, optimizer in self.judges():
                self.average_gradients(module)
                optimizer.step()

        if self.step < c.burn_in:
            self.step += 1
            return {name: value.detach().mean() for name, value in logged.items()}

        self.optimizer_g.zero_grad(set_to_none=True)
        for module, _ in self.judges():
            module.requires_grad_(False)
        for _ in range(c.accumulate):
            with autocast(self.run.device, c.bf16):
                if not shared:
                    z, label = self.draw(frequencies)
                    fake, _ = self.forward_g(z, label)
                pictures = self.augment(fake)
                scores, _ = self.forward_d(pictures, label)
                loss = generator_hinge(scores)
                if self.critic is not None:
                    loss = loss + c.critic * len(self.critic.heads) * generator_hinge(self.critic(pictures, label))
            check_finite(loss, self.step)
            (loss / c.accumulate).backward()
        if self.autoencoder is not None:
            logged |= self.hold(self.autoencoder, real, real_label)
        for module, _ in self.judges():
            module.requires_grad_(True)
        self.average_gradients(self.generator)
        self.optimizer_g.step()
        if self.autoencoder is not None:
            self.average_gradients(self.autoencoder)
            self.optimizer_e.step()
        self.ema.update(self.generator)
        self.step += 1
        return {name: value.detach().mean() for name, value in (logged | {"loss_g": loss}).items()}

    def hold(self, autoencoder: Autoencoder, real: Tensor, label: Tensor) -> dict[str, Tensor]:
        """Adds the gradient of reconstructing real pictures to that of the judges. Returns scalars for the log.

        It is scaled to `anchor` times the norm of theirs, as VQGAN (Esser et al. 2021) balances the two: by itself it
        is some 30 times as small, and a fixed factor would have to follow D. real: (N, 3, R, R), label: (N,).
        """
        weights = list(self.generator.parameters())
        theirs = [w.grad for w in weights]
        for weight in weights:
            weight.grad = None
        self.optimizer_e.zero_grad(set_to_none=True)
        with autocast(self.run.device, self.config.bf16):
            parts = autoencoder(self.forward_g, real, label, self.random)
        check_finite(parts["loss"], self.step)
        parts["loss"].backward()
        pairs = [(w.grad, g) for w, g in zip(weights, theirs, strict=True) if w.grad is not None and g is not None]
        assert len(pairs) == len(weights)  # both go through all of G
        norms = [torch.stack([g.norm() for g in side]).norm() for side in zip(*pairs, strict=True)]
        ratio = norms[1] / norms[0].clamp(min=1e-12)
        for mine, other in pairs:
            mine.mul_(self.config.anchor * ratio).add_(other)
        return {name: parts[name] for name in ("pixels", "features", "nats")} | {"anchor_ratio": ratio}

    def helpers(self) -> list[tuple[str, nn.Module, torch.optim.Adam]]:
        """What takes part beside the paper's two networks: name, module and optimizer."""
        found: list[tuple[str, nn.Module, torch.optim.Adam]] = []
        if self.critic is not None:
            found.append(("critic", self.critic, self.optimizer_c))
        if self.autoencoder is not None:
            found.append(("autoencoder", self.autoencoder, self.optimizer_e))
        return found

    def judges(self) -> list[tuple[nn.Module, torch.optim.Adam]]:
        """The discriminator and, where there is one, the feature critic, each with its optimizer."""
        critic = [(module, optimizer) for name, module, optimizer in self.helpers() if name == "critic"]
        return [(self.discriminator, self.optimizer_d), *critic]

    def augment(self, pictures: Tensor) -> Tensor:
        """DiffAugment with the strengths of this run."""
        return diff_augment(pictures, self.config.translation, self.config.cut, self.random)

    def average_gradients(self, module: nn.Module) -> None:
        """The mean of the gradients over all processes, in one transfer."""
        if self.run.size > 1:
            grads = [p.grad for p in module.parameters() if p.grad is not None]
            flat = torch.cat([g.flatten() for g in grads])
            dist.all_reduce(flat)
            for grad, mean in zip(grads, (flat / self.run.size).split([g.numel() for g in grads]), strict=True):
                grad.copy_(mean.view_as(grad))

    def watch(self) -> dict[str, Any]:
        """What tells early that a run goes wrong: the gammas, and the range of the spectral norms before division."""
        values: dict[str, Any] = {}
        for name, module in (("g", self.generator), ("d", self.discriminator)):
            values[f"gamma_{name}"] = [round(float(gamma.detach()), 4) for gamma in module.gammas()]
            norms = [float(m.sigma().detach()) for m in module.modules() if isinstance(m, SpectralNorm)]
            values[f"sigma_{name}"] = [round(min(norms), 3), round(max(norms), 3)]
        return values

    def warm_start(self, state: dict[str, Any]) -> None:
        """Takes over the weights of a checkpoint that have the same name and shape, as from half the resolution."""
        self.history = list(state.get("history") or [f"{state['images']:,} pictures in another run"])
        pairs: list[tuple[nn.Module, dict[str, Tensor]]] = [
            (self.generator, state["generator"]),
            (self.ema.module, state["ema"]["module"]),
            (self.discriminator, state["discriminator"]),
        ]
        for target, source in pairs + [(module, state.get(name, {})) for name, module, _ in self.helpers()]:
            mine = target.state_dict()
            mine.update({k: v for k, v in source.items() if k in mine and mine[k].shape == v.shape})
            target.load_state_dict(mine)

    def state_dict(self) -> dict[str, Any]:
        """Everything that `resume` needs, as tensors, numbers, strings, lists and dicts."""
        helpers: dict[str, Any] = {}
        for name, module, optimizer in self.helpers():
            helpers |= {name: module.state_dict(), f"optimizer_{name}": optimizer.state_dict()}
        return helpers | {
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
        for name, module, optimizer in self.helpers():
            if name in state:  # else it joins a run that began without it
                module.load_state_dict(state[name])
                optimizer.load_state_dict(state[f"optimizer_{name}"])
        for module, optimizer in [(self.generator, self.optimizer_g), *self.judges()]:
            for group, wanted in zip(optimizer.param_groups, self.groups(module), strict=True):
                group["lr"] = wanted["lr"]  # so that --lr-g and --lr-d count on --resume
        self.step, self.images, self.best_fid = int(state["step"]), int(state["images"]), float(state["best_fid"])
        self.history = list(state.get("history", []))
