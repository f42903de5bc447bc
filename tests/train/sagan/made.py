"""Small networks with random weights of which every part matters."""

import torch

from train.sagan.networks import Generator, NetworkConfig
from train.sagan.sampling import set_standing_statistics
from train.sagan.self_attention import gammas


def config(classes: int, attention: tuple[int, ...] = (8, 16)) -> NetworkConfig:
    """Attention at these sides in each network."""
    return NetworkConfig(32, classes, z_dim=16, width=8, attention_g=attention, attention_d=attention[::-1])


def made_generator(classes: int, attention: tuple[int, ...] = (8, 16)) -> Generator:
    """Random weights, with gammas and statistics that matter."""
    torch.manual_seed(0)
    generator = Generator(config(classes, attention))
    with torch.no_grad():
        for gamma in gammas(generator):
            gamma.fill_(0.8)
        for block in generator.blocks.values():
            block.get_parameter("norm1.gain").normal_(1, 0.3)
            block.get_parameter("norm2.bias").normal_(0, 0.3)
    set_standing_statistics(generator, torch.ones(classes), batches=2, batch=8)
    return generator
