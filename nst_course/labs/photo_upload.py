"""The button that brings a picture of the reader's own into a lab."""

from collections.abc import Callable

import anywidget
import traitlets


class PhotoUpload(anywidget.AnyWidget):
    """A button that lets the reader choose a file and hands over its name and its bytes.

    Jupyter drops the connection, without a word, at a message of more than 10 MB, which the upload
    of ipywidgets runs into with the photo of a good camera. So a large picture is scaled down in
    the browser before it is sent.

    Args:
        description: on the button.
        take: called with the name of the file and its bytes.
        refuse: called with a sentence if the browser cannot read a large file.
    """

    _esm = """
    const MOST_BYTES = 8 * 2 ** 20;
    const LONGEST_SIDE = 4096;  // pixels: more than a lab can paint

    async function smaller(file) {
      const picture = await createImageBitmap(file);  // turns it upright, too
      const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      const context = canvas.getContext("2d");
      context.imageSmoothingQuality = "high";
      context.drawImage(picture, 0, 0, canvas.width, canvas.height);
      return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
    }

    function render({ model, el }) {
      const button = document.createElement("button");
      button.className = "jupyter-widgets jupyter-button widget-button";
      button.style = "width: 300px";
      button.textContent = model.get("description");
      const chooser = document.createElement("input");
      chooser.type = "file";
      chooser.accept = "image/*";
      chooser.hidden = true;
      button.addEventListener("click", () => chooser.click());
      chooser.addEventListener("change", async () => {
        const [file] = chooser.files;
        if (!file) return;
        try {
          const content = file.size > MOST_BYTES ? await smaller(file) : file;
          model.send({ name: file.name }, undefined, [await content.arrayBuffer()]);
        } catch (error) {
          model.send({ name: file.name, unreadable: true });
        }
        chooser.value = "";  // the same file may be chosen again
      });
      el.append(button, chooser);
    }
    export default { render };
    """

    description = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        description: str,
        take: Callable[[str, bytes], None],
        refuse: Callable[[str], None],
    ):
        super().__init__(description=description)
        self.on_msg(lambda _, message, buffers: self._receive(message, buffers, take, refuse))

    @staticmethod
    def _receive(message: dict, buffers: list, take: Callable, refuse: Callable) -> None:
        if message.get("unreadable"):
            refuse(f"{message['name']} is large, and the browser cannot read it as a picture.")
        else:
            take(message["name"], bytes(buffers[0]))
