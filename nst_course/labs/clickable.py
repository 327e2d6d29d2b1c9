"""A picture that reports where it was clicked."""

import anywidget
import traitlets

from ..images.encode import data_url


class ClickablePicture(anywidget.AnyWidget):
    """A picture with alt text; a click sets `position`.

    Attributes:
        source: data URL of the picture.
        alt: its alt text.
        position: (x, y) of the last click, as fractions of the width and the height.
    """

    _esm = """
    function render({ model, el }) {
      const picture = document.createElement("img");
      picture.decoding = "sync";
      picture.style = "cursor: crosshair; width: 100%; height: auto";
      function draw() {
        picture.src = model.get("source");
        picture.alt = picture.title = model.get("alt");
      }
      picture.addEventListener("click", (event) => {
        const { left, top, width, height } = picture.getBoundingClientRect();
        model.set("position", [(event.clientX - left) / width, (event.clientY - top) / height]);
        model.save_changes();
      });
      model.on("change:source", draw);
      model.on("change:alt", draw);
      draw();
      el.append(picture);
    }
    export default { render };
    """

    source = traitlets.Unicode().tag(sync=True)
    alt = traitlets.Unicode().tag(sync=True)
    position = traitlets.Tuple(traitlets.Float(), traitlets.Float(), default_value=(0, 0)).tag(
        sync=True
    )

    def show(self, data: bytes, kind: str, alt: str) -> None:
        """Show the bytes of a picture; ``kind`` is ``"jpeg"`` or ``"png"``."""
        self.alt = alt
        self.source = data_url(data, kind)
