"""A button that copies a text to the clipboard."""

from collections.abc import Callable

import anywidget
import traitlets


class CopyButton(anywidget.AnyWidget):
    """A button that copies what a function returns, and says so.

    Args:
        description: text of the button.
        text: returns what is copied, at each click.
        on_copy: called with whether the browser has allowed it.
    """

    # A browser lets a page write to the clipboard only while a click is handled, so the page
    # promises the text there, and the kernel keeps the promise.
    _esm = """
    function render({ model, el }) {
      const button = document.createElement("button");
      button.className = "jupyter-widgets jupyter-button widget-button";
      button.style.width = "auto";
      button.textContent = model.get("description");
      button.addEventListener("click", async () => {
        const text = new Promise((keep) => {
          model.on("msg:custom", function heard(message) {
            model.off("msg:custom", heard);
            keep(message.text);
          });
        });
        model.send({ asked: true });
        try {
          const blob = text.then((words) => new Blob([words], { type: "text/plain" }));
          await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
          model.send({ copied: true });
        } catch (error) {
          model.send({ copied: false });
        }
      });
      el.append(button);
    }
    export default { render };
    """

    description = traitlets.Unicode().tag(sync=True)

    def __init__(self, description: str, text: Callable[[], str], on_copy: Callable[[bool], None]):
        super().__init__(description=description)

        def answer(_: object, message: dict, buffers: list) -> None:
            if "asked" in message:
                self.send({"text": text()})
            else:
                on_copy(message["copied"])

        self.on_msg(answer)
