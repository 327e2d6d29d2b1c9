"""The figures of feature visualization."""

import torch

import nst_course as nst

visualize = nst.visualize
SMALL = {"size": 48, "steps": 6}


def test_every_figure_is_drawn_and_closed(backbone, photo):
    import matplotlib.pyplot as plt

    layers = ["relu1_2", "relu3_1"]
    search = visualize.PatchSearch(backbone, layers, sizes=(48,))
    card = visualize.unit_card(backbone, "relu3_1", 5, photo, search, **SMALL)
    fields = [visualize.receptive_field(layer) for layer in layers]
    effective = [
        visualize.effective_receptive_field(backbone, layer, photo, draws=1) for layer in layers
    ]
    maps = nst.plots.activation_maps(
        backbone(photo, layers), {layer: [0, 1, 2] for layer in layers}
    )
    figures = {
        "network": (nst.plots.network(backbone), 1),
        "filters": (nst.plots.filters(backbone), 64),
        "maps": (maps, 6),
        "fields": (nst.plots.receptive_fields(photo, fields, effective), 4),
        "patches": (nst.plots.patches(search.top("relu3_1", 5)), 9),
        "true size": (nst.plots.true_size([photo] * 3, ["a", "b", "c"]), 3),
        "card": (nst.plots.unit_card(card), 2 + 9 + 9 + 1),
        "profile": (nst.plots.layer_profile({"a": {"relu1_1": 1.0, "relu2_1": 2.0}}, "b"), 1),
    }
    for name, (figure, axes) in figures.items():
        assert len(figure.axes) == axes, name
        figure.canvas.draw()
    assert not plt.get_fignums()


def test_a_inactive_channel_is_drawn_black_and_named():
    features = {"conv1_1": torch.stack([-torch.ones(4, 6), torch.ones(4, 6)])[None]}
    figure = nst.plots.activation_maps(features, {"conv1_1": [0, 1]})
    figure.canvas.draw()
    titles = [axis.get_title() for axis in figure.axes]
    assert titles == ["channel 0, inactive", "channel 1, up to 1"]


def test_the_network_is_drawn_with_its_numbers(backbone):
    axis = nst.plots.network(backbone, size=224).axes[0]
    words = "\n".join(text.get_text() for text in axis.texts)
    for expected in ("conv5_3", "pool1", "14×14 units\n512 channels\n1 unit every 16 px"):
        assert expected in words
