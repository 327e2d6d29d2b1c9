"""Speed and memory against common loops: ``python -m benchmarks.time_to_loss``."""
