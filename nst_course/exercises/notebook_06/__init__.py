"""Exercises of notebook 06: loops, inputs and layers to repair, and a run that guards itself."""

from . import guarded_run, layer_name, mended_loop, network_input, total_variation

EXERCISES = [
    mended_loop.EXERCISE,
    network_input.EXERCISE,
    layer_name.EXERCISE,
    guarded_run.EXERCISE,
    total_variation.EXERCISE,
]
