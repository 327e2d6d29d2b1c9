"""Optimizers for pixels, in plain PyTorch. Notebook 05 compares them with PyTorch's own."""
