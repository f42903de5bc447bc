"""What may take part beside the paper's two networks: the feature critic and the anchor."""

from pathlib import Path

import pytest
import torch

from train.sagan.data import BatchSampler, load_pictures
from train.sagan.feature_critic import FeatureCritic
from train.sagan.features import FeatureNet, load_features
from train.sagan.losses import discriminator_hinge
from train.sagan.networks import NetworkConfig
from train.sagan.trainer import TrainConfig, Trainer
from train.training import World


@pytest.fixture(scope="module")
def teacher(features: Path) -> FeatureNet:
    return load_features(features)[0]


def trainer(teacher: FeatureNet, pictures: Path, **settings: float) -> tuple[Trainer, BatchSampler]:
    data = load_pictures(pictures, 32)
    network = NetworkConfig(32, 3, z_dim=16, width=2, attention_g=(16,), attention_d=(16,))
    config = TrainConfig(batch=8, bf16=False, **settings)  # type: ignore[arg-type]
    run = World(0, 1, torch.device("cpu"))
    return Trainer(network, config, data.classes, run, teacher), BatchSampler(data, 8, 0)


def gradients(module: torch.nn.Module) -> torch.Tensor:
    return torch.cat([p.grad.flatten() for p in module.parameters() if p.grad is not None])


def test_anchor_adds_its_share_of_the_judges_gradient(teacher: FeatureNet, pictures: Path) -> None:
    made, sampler = trainer(teacher, pictures, anchor=0.5)
    assert made.autoencoder is not None
    for weight in made.generator.parameters():
        weight.grad = torch.full_like(weight, 3.0)
    before = gradients(made.generator)
    real, label = sampler.next()
    logged = made.hold(made.autoencoder, real, label)
    added = gradients(made.generator) - before
    assert float(added.norm() / before.norm()) == pytest.approx(0.5, rel=1e-3)
    assert all(torch.isfinite(value) for value in logged.values())
    assert float(gradients(made.autoencoder).abs().sum()) > 0


def test_burn_in_leaves_the_generator_alone(teacher: FeatureNet, pictures: Path) -> None:
    made, sampler = trainer(teacher, pictures, burn_in=2, anchor=0.5, critic=0.5)
    assert made.critic is not None
    g, d, c = (m.state_dict() for m in (made.generator, made.discriminator, made.critic))
    kept = {"g": g["first.kernel.weight"].clone(), "d": d["score.kernel.weight"].clone()}
    fixed = {name: value.clone() for name, value in c.items() if name.startswith("mixing")}
    frequencies = torch.ones(3).double()
    for _ in range(2):
        made.train_step(sampler, frequencies)
    assert torch.equal(made.generator.first.kernel.weight, kept["g"])
    assert not torch.equal(made.discriminator.score.kernel.weight, kept["d"])
    for _ in range(2):
        made.train_step(sampler, frequencies)
    assert not torch.equal(made.generator.first.kernel.weight, kept["g"])
    assert fixed
    assert all(torch.equal(made.critic.state_dict()[name], value) for name, value in fixed.items())


def test_feature_critic_learns_to_tell_noise_from_pictures(teacher: FeatureNet, pictures: Path) -> None:
    torch.manual_seed(0)
    critic = FeatureCritic(teacher, 32, 3, width=16)
    optimizer = torch.optim.Adam(critic.parameters(), 2e-3, (0.0, 0.9))
    sampler = BatchSampler(load_pictures(pictures, 32), 8, 0)
    losses = []
    for _ in range(25):
        real, label = sampler.next()
        scores = critic(torch.cat((real, torch.randn_like(real).clamp(-1, 1))), torch.cat((label, label)))
        assert scores.shape == (16, 16 * len(teacher.widths))
        loss = discriminator_hinge(*scores.chunk(2))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]
