"""A picture on the page that tells where it was clicked."""

import anywidget
import traitlets

from ..images.encode import data_url


class ClickablePicture(anywidget.AnyWidget):
    """A picture with words for those who cannot see it; a click sets `place`.

    Attributes:
        source: data URL of the picture.
        words: its alt text.
        place: (x, y) of the last click, as fractions of the width and the height.
    """

    _esm = """
    function render({ model, el }) {
      const picture = document.createElement("img");
      picture.decoding = "sync";
      picture.style = "cursor: crosshair; max-width: 100%; height: auto";
      function draw() {
        picture.src = model.get("source");
        picture.alt = model.get("words");
      }
      picture.addEventListener("click", (event) => {
        const { left, top, width, height } = picture.getBoundingClientRect();
        model.set("place", [(event.clientX - left) / width, (event.clientY - top) / height]);
        model.save_changes();
      });
      model.on("change:source", draw);
      model.on("change:words", draw);
      draw();
      el.append(picture);
    }
    export default { render };
    """

    source = traitlets.Unicode().tag(sync=True)
    words = traitlets.Unicode().tag(sync=True)
    place = traitlets.Tuple(traitlets.Float(), traitlets.Float(), default_value=(0, 0)).tag(
        sync=True
    )

    def show(self, data: bytes, kind: str, words: str) -> None:
        """Show the bytes of a JPEG or PNG."""
        self.words = words
        self.source = data_url(data, kind)
