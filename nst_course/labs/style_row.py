"""A row of pictures to click: the photograph as the fast network paints it after each artwork."""

import anywidget
import traitlets

from ..fast import FAST_STYLES, stylize_fast
from ..images.encode import data_url, jpeg
from ..images.io import load_image, to_pil

SIDE = 128  # pixels, of a preview


class StyleRow(anywidget.AnyWidget):
    """One small picture for each artwork that the fast network knows; a click sets `chosen`.

    Attributes:
        pictures: (name, data URL) of each.
        chosen: name of the artwork that was clicked last.
    """

    _esm = """
    function render({ model, el }) {
      const row = document.createElement("div");
      row.className = "nst-style-row";
      row.setAttribute("role", "group");
      row.setAttribute("aria-label", "Artworks");
      function draw() {
        row.replaceChildren(...model.get("pictures").map(([name, source]) => {
          const button = document.createElement("button"), picture = document.createElement("img");
          picture.src = source;
          picture.alt = button.title = `after ${name.replaceAll("_", " ")}`;
          button.setAttribute("aria-pressed", name === model.get("chosen"));
          button.append(picture);
          button.addEventListener("click", () => {
            model.set("chosen", name);
            model.save_changes();
          });
          return button;
        }));
      }
      model.on("change:pictures", draw);
      model.on("change:chosen", () => {
        [...row.children].forEach((button, index) => button.setAttribute("aria-pressed",
          model.get("pictures")[index][0] === model.get("chosen")));
      });
      draw();
      el.append(row);
    }
    export default { render };
    """
    _css = """
    .nst-style-row { display: flex; flex-wrap: wrap; gap: 3px; width: 300px; }
    .nst-style-row button { padding: 0; border: 2px solid transparent; background: none;
      cursor: pointer; line-height: 0; }
    .nst-style-row button[aria-pressed=true] { border-color: var(--jp-brand-color1, #1976d2); }
    .nst-style-row img { width: 68px; height: 46px; object-fit: cover; margin: 0; }
    """

    pictures: traitlets.List = traitlets.List().tag(sync=True)
    chosen = traitlets.Unicode().tag(sync=True)
    _photo = ""

    def preview(self, photo: str) -> None:
        """Paint a photograph, a bundled name or a path, after each artwork."""
        if photo == self._photo:  # it takes a second or two, and each choice of a branch asks
            return
        self._photo = photo
        image = load_image(photo, SIDE)  # once: a photograph of a camera takes a second to decode
        self.pictures = [
            (name, data_url(jpeg(to_pil(stylize_fast(image, name, SIDE))), "jpeg"))
            for name in FAST_STYLES
        ]
