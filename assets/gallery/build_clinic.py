"""Make the sheet at the top of notebook 06, six patients of the clinic: 06_clinic.jpg.

python assets/gallery/build_clinic.py
"""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

import nst_course as nst
from nst_course.labs.failures import FAILURES

SIZE, STEPS = 160, 40
SHOWN = 380  # pixels of a picture on the sheet
GAP = 8
ORDER = [4, 2, 0, 5, 1, 3]  # of FAILURES, so that the sheet is a puzzle


def main() -> None:
    content, style = nst.load_image("cat", SIZE), nst.load_image("great_wave", SIZE)
    backbone = nst.load_backbone()
    height = round(SHOWN * content.shape[2] / content.shape[3])
    sheet = Image.new("RGB", (3 * SHOWN + 2 * GAP, 2 * height + GAP), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(26)
    for place, number in enumerate(ORDER):
        image, _ = FAILURES[number].run(content, style, backbone, STEPS)
        left, top = place % 3 * (SHOWN + GAP), place // 3 * (height + GAP)
        picture = nst.to_pil(image).resize((SHOWN, height), Image.Resampling.BICUBIC)
        sheet.paste(picture, (left, top))
        draw.rectangle((left, top, left + 36, top + 36), fill="white")
        draw.text((left + 18, top + 18), str(place + 1), fill="black", font=font, anchor="mm")
    sheet.save(Path(__file__).parent / "06_clinic.jpg", quality=86, optimize=True)


if __name__ == "__main__":
    main()
