"""The command ``nst-course``: render pictures, check this machine, run the notebooks.

Notebook 00 shows what `nst.doctor` says. The rest is for photos of one's own and for maintainers.
"""
