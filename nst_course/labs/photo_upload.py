"""A button to upload a picture into a lab."""

from collections.abc import Callable

import anywidget
import traitlets


class PhotoUpload(anywidget.AnyWidget):
    """A button that opens a file dialog and passes on the name and the bytes of the file.

    Jupyter silently closes the connection at a message of more than 10 MB, and photos of good
    cameras are larger than that. `widgets.FileUpload` fails then; this button first scales large
    pictures down in the browser.

    Args:
        description: text of the button.
        take: called with the name of the file and its bytes.
        refuse: called with an error message if the browser cannot read a large file.
    """

    _esm = """
    const MAX_BYTES = 8 * 2 ** 20;
    const MAX_SIDE = 4096;  // pixels: more than a lab can process

    async function smaller(file) {
      const picture = await createImageBitmap(file);  // applies the EXIF orientation
      const scale = Math.min(1, MAX_SIDE / Math.max(picture.width, picture.height));
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
          const content = file.size > MAX_BYTES ? await smaller(file) : file;
          model.send({ name: file.name }, undefined, [await content.arrayBuffer()]);
        } catch (error) {
          model.send({ name: file.name, unreadable: true });
        }
        chooser.value = "";  // so that the same file can be chosen again
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
