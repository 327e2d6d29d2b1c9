"""How fast, against the plain loops that people use: ``python -m benchmarks.time_to_loss``."""
