"""Draw the first picture of notebook 09's second part: three sounds, and one sentence in the style
of each.

    python assets/gallery/build_sound.py
"""

from pathlib import Path

import nst_course as nst

HERE = Path(__file__).parent
SECONDS, STEPS = 3.2, 150

if __name__ == "__main__":
    speech = nst.sound.load("speech", SECONDS)
    names = ["stream", "fire", "bells"]
    shown = {name: nst.sound.load(name, SECONDS) for name in names}
    for name in names:
        result = nst.sound.stylize(speech, shown[name], steps=STEPS, progress=False)
        shown[f"a sentence in the style of the {name}"] = result
    figure = nst.plots.spectrograms(shown, columns=3, width=11, height=2.0)
    options = {"quality": 80, "optimize": True}
    figure.savefig(HERE / "09_sound.jpg", bbox_inches="tight", pil_kwargs=options)
