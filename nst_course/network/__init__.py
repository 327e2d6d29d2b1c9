"""The VGG network: its layers by name, its weights, its convolutions, what one unit can see.

Notebooks 01 (feature visualization) and 05 (precision) look inside.
"""
