"""The command ``nst-course``: render pictures, check this machine, run the notebooks.

For self-learners with photos of their own, and for whoever maintains the notebooks.
"""
