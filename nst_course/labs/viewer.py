"""The large picture of a lab: wipe between two pictures, zoom to pixels, full screen, download."""

import anywidget
import traitlets
from PIL import Image

from ..images.encode import data_url, jpeg, png


class Viewer(anywidget.AnyWidget):
    """A picture that takes the width it is given, up to 72 % of the window's height.

    With a second picture before it, a line can be dragged across: left of the line is `before`.
    All of it works with the keyboard as well.

    Attributes:
        source, alt: data URL of the picture, and its alt text.
        side: longer side in pixels that zooming counts, 0 for that of the source: a picture that
            forms coarse to fine keeps its place on the page.
        before, before_alt: those of the other picture; ``before`` is empty if there is none.
        line: where the line is, as a fraction of the width.
        file: name that a download has, without its ending.
    """

    _esm = """
    const ZOOMS = [0, 1, 2, 4, 8];  // screen pixels for a pixel of the picture; 0: as the page fits

    function element(name, className, parent, attributes = {}) {
      const made = document.createElement(name);
      made.className = className;
      for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
      parent.append(made);
      return made;
    }

    function render({ model, el }) {
      el.classList.add("nst-picture");
      const view = element("div", "nst-view", el);
      const stage = element("div", "nst-stage", view);
      const after = element("img", "nst-after", stage, { decoding: "sync", draggable: false });
      const before = element("img", "nst-before", stage, { decoding: "sync", draggable: false });
      const line = element("div", "nst-line", stage, {
        role: "slider", tabindex: 0, "aria-label": "Line between the two pictures",
        "aria-valuemin": 0, "aria-valuemax": 100, "aria-orientation": "horizontal",
      });
      const tools = element("div", "nst-tools", el, { role: "group", "aria-label": "View" });
      const button = (text, label, action) => {
        const made = element("button", "nst-tool", tools, { title: label, "aria-label": label });
        made.textContent = text;
        made.addEventListener("click", action);
        return made;
      };
      let zoom = 0;
      const smaller = button("−", "Zoom out", () => move(-1));
      const readout = element("span", "nst-zoom", tools, { "aria-live": "polite" });
      const larger = button("+", "Zoom in", () => move(1));
      button("1:1", "One pixel of the screen for each of the picture", () => setZoom(1));
      const full = button("Full screen", "Full screen, and back", () =>
        document.fullscreenElement ? document.exitFullscreen() : el.requestFullscreen());
      const link = element("a", "nst-tool", tools, { title: "Download this picture" });
      link.textContent = "Download";
      const caption = element("span", "nst-caption", tools);

      function pixels() {  // the width that counts as 100 %
        const { naturalWidth: width, naturalHeight: height } = after;
        return width * (model.get("side") || Math.max(width, height)) / Math.max(width, height);
      }
      let fitting = 1;  // screen pixels for a pixel of the picture that fits the page
      const stops = () => [...ZOOMS].sort((a, b) => (a || fitting) - (b || fitting));
      const move = (by) => setZoom(stops()[stops().indexOf(zoom) + by]);
      function setZoom(scale) {
        zoom = scale;
        size();
      }
      function size() {
        const { naturalWidth: width, naturalHeight: height } = after;
        if (!width) return;
        stage.style.aspectRatio = `${width} / ${height}`;
        const isFull = document.fullscreenElement === el;
        const room = isFull ? "100vh - 3rem" : "72vh";
        const fit = `min(100%, (${room}) * ${width / height})`;
        stage.style.width = fit;
        fitting = stage.clientWidth / pixels();
        view.style.minHeight = `${stage.clientHeight}px`;  // zooming out does not move the page
        stage.style.width = zoom ? `${zoom * pixels()}px` : fit;
        stage.style.imageRendering = zoom > 1 ? "pixelated" : "auto";
        view.style.maxHeight = `calc(${room})`;
        const percent = Math.round(100 * (zoom || fitting));
        readout.textContent = zoom ? `${percent} %` : `fit, ${percent} %`;
        full.textContent = isFull ? "Close (Esc)" : "Full screen";
        smaller.disabled = zoom === stops()[0];
        larger.disabled = zoom === stops().at(-1);
      }
      function setLine(fraction) {
        model.set("line", Math.min(Math.max(fraction, 0), 1));
        model.save_changes();
      }
      function draw() {
        const percent = 100 * model.get("line"), compared = model.get("before") !== "";
        after.src = model.get("source");
        after.alt = caption.textContent = model.get("alt");
        before.hidden = line.hidden = !compared;
        if (compared) before.src = model.get("before");
        before.alt = model.get("before_alt");
        before.style.clipPath = `inset(0 ${100 - percent}% 0 0)`;
        line.style.left = `${percent}%`;
        line.setAttribute("aria-valuenow", Math.round(percent));
        line.setAttribute("aria-valuetext",
          `left ${Math.round(percent)} %: ${model.get("before_alt")}`);
        link.href = model.get("source");
        const ending = link.href.startsWith("data:image/png") ? ".png" : ".jpg";
        link.download = model.get("file") + ending;
      }
      function follow(event) {
        const { left, width } = stage.getBoundingClientRect();
        setLine((event.clientX - left) / width);
      }
      stage.addEventListener("pointerdown", (event) => {
        if (line.hidden || (zoom && event.target !== line)) return;  // zoomed: drag the line only
        event.preventDefault();
        line.focus();
        stage.setPointerCapture(event.pointerId);
        follow(event);
        stage.onpointermove = follow;
      });
      for (const end of ["pointerup", "pointercancel"])
        stage.addEventListener(end, () => (stage.onpointermove = null));
      line.addEventListener("keydown", (event) => {
        const steps = { ArrowLeft: -0.02, ArrowRight: 0.02, PageDown: -0.2, PageUp: 0.2,
                        Home: -1, End: 1 };
        if (!(event.key in steps)) return;
        event.preventDefault();
        event.stopPropagation();  // the notebook would take the arrow keys for itself
        setLine(model.get("line") + steps[event.key]);
      });
      after.addEventListener("load", size);
      let inPage = null;  // the zoom there, while this picture fills the screen
      function changeScreen() {
        if (document.fullscreenElement === el) [inPage, zoom] = [zoom, 0];
        else if (inPage !== null) [inPage, zoom] = [null, inPage];
        size();
      }
      document.addEventListener("fullscreenchange", changeScreen);
      model.on("change", draw);
      model.on("change:side", size);
      draw();
      size();
      const watcher = new ResizeObserver(size);
      watcher.observe(view);
      return () => {
        document.removeEventListener("fullscreenchange", changeScreen);
        watcher.disconnect();
      };
    }
    export default { render };
    """
    _css = """
    .nst-picture { width: 100%; min-width: 0; }
    .nst-picture:fullscreen { background: #111; padding: 0.25rem; box-sizing: border-box; }
    .nst-view { overflow: auto; }
    .nst-stage { position: relative; margin: 0; touch-action: pan-y; }
    .nst-picture:fullscreen .nst-stage { margin: 0 auto; }
    .nst-stage img { position: absolute; inset: 0; width: 100%; height: 100%; max-width: none;
      margin: 0; user-select: none; }
    .nst-line { position: absolute; top: 0; bottom: 0; width: 24px; margin-left: -12px;
      cursor: ew-resize;
      background: linear-gradient(#fff, #fff) center / 3px 100% no-repeat; }
    .nst-line::after { content: "◂ ▸"; position: absolute; top: 50%; left: 50%;
      transform: translate(-50%, -50%); padding: 0.4em; border-radius: 1em; background: #fff;
      color: #111; font-size: 0.8rem; white-space: nowrap; }
    .nst-line:focus-visible { outline: 3px solid var(--jp-brand-color1, #1976d2); }
    .nst-picture [hidden] { display: none; }
    .nst-tools { display: flex; gap: 0.4em; align-items: center; padding: 0.2em 0; }
    .nst-tool { font: inherit; padding: 0.1em 0.6em; cursor: pointer; text-decoration: none;
      color: var(--jp-ui-font-color1, #212121); background: var(--jp-layout-color2, #eee);
      border: 1px solid var(--jp-border-color1, #bdbdbd); border-radius: 2px; }
    .nst-tool:disabled { opacity: 0.5; cursor: default; }
    .nst-zoom { min-width: 5.5em; text-align: center; color: var(--jp-ui-font-color1, #212121); }
    .nst-picture:fullscreen :is(.nst-zoom, .nst-caption) { color: #eee; }
    .nst-picture:not(:fullscreen) .nst-caption { display: none; }  /* it stands below already */
    """

    source = traitlets.Unicode().tag(sync=True)
    alt = traitlets.Unicode().tag(sync=True)
    before = traitlets.Unicode().tag(sync=True)
    before_alt = traitlets.Unicode().tag(sync=True)
    line = traitlets.Float(0.5).tag(sync=True)
    side = traitlets.Int(0).tag(sync=True)
    file = traitlets.Unicode("my_picture").tag(sync=True)

    def show(self, picture: Image.Image, alt: str, final: bool = True) -> None:
        """Show a picture, as PNG if it is final and else as JPEG, which is sooner encoded."""
        encode, kind = (png, "png") if final else (jpeg, "jpeg")
        with self.hold_sync():
            self.source, self.alt = data_url(encode(picture), kind), alt

    def compare(self, picture: Image.Image | None, alt: str = "") -> None:
        """Put a picture before the one that is shown, left of the line; None takes it away."""
        with self.hold_sync():
            self.before = data_url(jpeg(picture), "jpeg") if picture else ""
            self.before_alt = alt
