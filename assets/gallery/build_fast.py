"""Paint 10_fast.jpg: one photograph in the twelve styles of the fast network, in three rows."""

from pathlib import Path

import torch

import nst_course as nst
from nst_course.fast import FAST_STYLES

SIZE, COLUMNS = 256, 4

if __name__ == "__main__":
    paintings = [nst.stylize_fast("astronaut", style, SIZE) for style in FAST_STYLES]
    rows = [paintings[n : n + COLUMNS] for n in range(0, len(paintings), COLUMNS)]
    sheet = torch.cat([torch.cat(row, dim=3) for row in rows], dim=2)
    nst.to_pil(sheet).save(Path(__file__).with_name("10_fast.jpg"), quality=75)
