"""Exercises of notebook 10: normalization of one image, styles as parameters, training, AdaIN."""

from . import adain, instance_norm, style_parameters, training_step

EXERCISES = [
    training_step.EXERCISE,
    instance_norm.EXERCISE,
    style_parameters.EXERCISE,
    adain.EXERCISE,
]
