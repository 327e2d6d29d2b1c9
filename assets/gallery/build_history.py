"""Make 11_history.jpg: a part of The Great Wave, and textures of it by three methods."""

import torch
from strip import save_strip

import nst_course as nst
from nst_course.history import efros_leung, heeger_bergen

SIDE, STEPS = 128, 120
LAYERS = {"relu1_1": 1, "relu2_1": 1, "relu3_1": 1, "relu4_1": 1 / 4, "relu5_1": 1 / 16}


def gram_texture(texture: torch.Tensor) -> torch.Tensor:
    """A texture from noise, as notebook 03 makes it."""
    backbone = nst.load_backbone()
    maps = backbone(texture, LAYERS)
    weights = {
        layer: share / float(nst.gram_matrix(maps[layer]).square().mean())
        for layer, share in LAYERS.items()
    }
    noise = torch.rand(texture.shape, generator=torch.Generator().manual_seed(0))
    transfer = nst.StyleTransfer(
        texture,
        texture,
        backbone,
        content_layers={},
        style_layers=weights,
        style_weight=1,
        init=0.45 + 0.1 * noise,
    )
    return transfer.run(STEPS, progress=False).image.cpu()


if __name__ == "__main__":
    wave = nst.load_image("great_wave", 400)[:, :, 60 : 60 + SIDE, 20 : 20 + SIDE].contiguous()
    source = wave[:, :, 32:96, 32:96].contiguous()
    grown = efros_leung(source, SIDE, window=11).image
    save_strip([wave, heeger_bergen(wave), grown, gram_texture(wave)], 300, "11_history.jpg")
