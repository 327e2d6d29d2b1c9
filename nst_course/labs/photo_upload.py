"""A file of the reader's own for a lab: from a dialog, by drag and drop, or from the camera."""

from collections.abc import Callable

import anywidget
import traitlets


class PhotoUpload(anywidget.AnyWidget):
    """A button that opens a file dialog and passes on the name and the bytes of the file.

    A file can be dropped on it as well. Where the browser has a camera there is a second button.

    Jupyter silently closes the connection at a message of more than 10 MB, and photos of good
    cameras are larger than that. `widgets.FileUpload` fails then; this button first scales large
    pictures down in the browser.

    Args:
        description: text of the button.
        take: called with the name of the file and its bytes.
        refuse: called with an error message if the browser cannot read a large file, or does not
            let the page use the camera.
        camera: whether a picture from the camera makes sense.
        accept: the kinds of files that the dialog offers.
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

    function button(text, action) {
      const made = document.createElement("button");
      made.className = "jupyter-widgets jupyter-button widget-button";
      made.textContent = text;
      made.addEventListener("click", action);
      return made;
    }

    function render({ model, el }) {
      el.classList.add("nst-upload");
      const chooser = document.createElement("input");
      chooser.type = "file";
      chooser.accept = model.get("accept");
      chooser.hidden = true;
      async function take(file) {
        if (!file) return;
        choose.textContent = `Reading ${file.name} …`;  // until the kernel has taken it
        try {
          const content = file.size > MAX_BYTES ? await smaller(file) : file;
          model.send({ name: file.name }, undefined, [await content.arrayBuffer()]);
        } catch (error) {
          model.send({ name: file.name, unreadable: true });
        }
      }
      chooser.addEventListener("change", async () => {
        await take(chooser.files[0]);
        chooser.value = "";  // so that the same file can be chosen again
      });
      const choose = button(model.get("description"), () => chooser.click());
      choose.title = "Choose a file, or drop one here";
      model.on("msg:custom", () => (choose.textContent = model.get("description")));
      for (const name of ["dragenter", "dragover", "dragleave", "drop"])
        el.addEventListener(name, (event) => {
          event.preventDefault();
          event.stopPropagation();  // JupyterLab would upload the file into its own list
          el.classList.toggle("nst-drop", name === "dragenter" || name === "dragover");
        });
      el.addEventListener("drop", (event) => take(event.dataTransfer.files[0]));
      el.append(choose, chooser);
      if (model.get("camera") && navigator.mediaDevices?.getUserMedia)
        el.append(...camera(take, model));
    }

    function camera(take, model) {
      const panel = document.createElement("div"), video = document.createElement("video");
      video.muted = video.playsInline = true;
      panel.hidden = true;
      function end() {
        video.srcObject?.getTracks().forEach((track) => track.stop());
        video.srcObject = null;
        panel.hidden = true;
      }
      function shoot() {
        const canvas = document.createElement("canvas");
        canvas.width = video.videoWidth;
        canvas.height = video.videoHeight;
        canvas.getContext("2d").drawImage(video, 0, 0);
        canvas.toBlob((blob) => take(new File([blob], "camera.jpg")), "image/jpeg", 0.92);
        end();
      }
      panel.append(video, button("Take the picture", shoot), button("Cancel", end));
      const start = button("Camera", async () => {
        try {
          video.srcObject = await navigator.mediaDevices.getUserMedia({ video: true });
          panel.hidden = false;
          await video.play();
        } catch (error) {
          end();
          model.send({ name: "camera", camera: false });
        }
      });
      return [start, panel];
    }
    export default { render };
    """
    _css = """
    .nst-upload { display: flex; flex-wrap: wrap; width: 300px; margin: 2px; }
    .nst-upload button { width: auto; flex: 1 1 auto; margin: 0 2px 0 0; }
    .nst-upload.nst-drop { outline: 2px dashed var(--jp-brand-color1, #1976d2); }
    .nst-upload video { width: 100%; }
    .nst-upload [hidden] { display: none; }
    """

    description = traitlets.Unicode().tag(sync=True)
    camera = traitlets.Bool(True).tag(sync=True)
    accept = traitlets.Unicode("image/*").tag(sync=True)

    def __init__(
        self,
        description: str,
        take: Callable[[str, bytes], None],
        refuse: Callable[[str], None],
        camera: bool = True,
        accept: str = "image/*",
    ):
        super().__init__(description=description, camera=camera, accept=accept)
        self.on_msg(lambda _, message, buffers: self._receive(message, buffers, take, refuse))

    def _receive(self, message: dict, buffers: list, take: Callable, refuse: Callable) -> None:
        try:
            if message.get("unreadable"):
                refuse(f"{message['name']} is large, and the browser cannot read it as a picture.")
            elif message.get("camera") is False:
                refuse("The browser does not give this page a camera: allow it, or choose a file.")
            else:
                take(message["name"], bytes(buffers[0]))
        finally:
            self.send({"taken": True})
