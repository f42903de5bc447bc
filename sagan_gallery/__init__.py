"""Sampling a Self-Attention GAN and looking at where its query pixels attend.

from sagan_gallery import Generator, map_for_pixel

sample = Generator().sample(4)
weights = map_for_pixel(sample, 20, 31)  # where the pixel at x 20, y 31 looks
"""

from typing import TYPE_CHECKING

from facecam.system.lazy import lazy_names

if TYPE_CHECKING:
    from sagan_gallery.attention import map_for_pixel
    from sagan_gallery.discriminator import attention_of_picture
    from sagan_gallery.generator import Generator
    from sagan_gallery.sample import Sample
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "Generator": "sagan_gallery.generator",
            "Sample": "sagan_gallery.sample",
            "attention_of_picture": "sagan_gallery.discriminator",
            "map_for_pixel": "sagan_gallery.attention",
        },
    )

__all__ = ["Generator", "Sample", "attention_of_picture", "map_for_pixel"]
