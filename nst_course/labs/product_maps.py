"""Two maps of activations and their product, with the arithmetic of one position."""

from collections.abc import Sequence

import anywidget
import matplotlib
import traitlets
from torch import Tensor

# The 256 colors of the maps, as #rrggbb.
COLORS = [matplotlib.colors.to_hex(matplotlib.colormaps["magma"](k)) for k in range(256)]


class ProductMaps(anywidget.AnyWidget):
    """Two maps and their product in a row; the position under the pointer is computed in words.

    With the keyboard, the arrow keys move the position. When the positions are shuffled, they are
    seen to move.

    Attributes:
        values: the activations of both channels, row by row.
        columns: positions in a row.
        order: where each position of the original maps is now; empty where it was.
        titles: of the three maps.
    """

    _esm = """
    const SCALE = 4, SECONDS = 1.2;  // pixels of a position on the canvas; of the shuffling

    function render({ model, el }) {
      el.classList.add("nst-products");
      el.tabIndex = 0;
      el.setAttribute("role", "group");
      el.setAttribute("aria-label", "Two maps and their product; arrow keys move the position");
      const row = document.createElement("div"), words = document.createElement("p");
      words.setAttribute("aria-live", "polite");
      el.append(row, words);
      const canvases = [0, 1, 2].map(() => {
        const figure = document.createElement("figure");
        const canvas = document.createElement("canvas");
        canvas.setAttribute("role", "img");
        figure.append(canvas, document.createElement("figcaption"));
        row.append(figure);
        return canvas;
      });
      let spot = null, running = 0;

      function maps() {
        const [one, other] = model.get("values");
        return [one, other, one.map((value, k) => value * other[k])];
      }
      const number = (value) => Number(value.toPrecision(4)).toLocaleString("en-US");

      // part: 0 for the original order, 1 for the shuffled one
      function draw(part) {
        const columns = model.get("columns"), order = model.get("order");
        maps().forEach((values, index) => {
          const canvas = canvases[index], rows = values.length / columns;
          const peak = values.reduce((most, value) => Math.max(most, value), 1e-12);
          canvas.width = columns * SCALE;
          canvas.height = rows * SCALE;
          const context = canvas.getContext("2d");
          context.fillStyle = model.get("colors")[0];
          context.fillRect(0, 0, canvas.width, canvas.height);
          values.forEach((value, k) => {
            const color = Math.round(255 * Math.max(value, 0) / peak);
            if (!color) return;
            const to = order.length ? order[k] : k;
            const x = k % columns + part * (to % columns - k % columns);
            const y = Math.floor(k / columns)
              + part * (Math.floor(to / columns) - Math.floor(k / columns));
            context.fillStyle = model.get("colors")[color];
            context.fillRect(x * SCALE, y * SCALE, SCALE, SCALE);
          });
          const caption = `${model.get("titles")[index]}, up to ${number(peak)}`;
          canvas.setAttribute("aria-label", `map of ${caption}`);
          canvas.nextSibling.textContent = caption;
          if (spot === null) return;
          context.strokeStyle = "#00e5ff";
          context.lineWidth = 2;
          context.strokeRect(spot % columns * SCALE - 2, Math.floor(spot / columns) * SCALE - 2,
            SCALE + 4, SCALE + 4);
        });
        tell();
      }
      function tell() {
        if (spot === null) {
          words.textContent = "Point at a position to see how its product is made.";
          return;
        }
        const columns = model.get("columns"), order = model.get("order");
        const from = order.length ? order.indexOf(spot) : spot;
        const [one, other, product] = maps().map((values) => number(values[from]));
        words.textContent = `Row ${Math.floor(spot / columns)}, column ${spot % columns}: `
          + `${one} × ${other} = ${product}`;
      }
      function shuffle() {
        const begin = performance.now(), turn = ++running;
        const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
        function frame(time) {
          if (turn !== running) return;
          const part = still ? 1 : Math.min((time - begin) / 1000 / SECONDS, 1);
          draw(part * part * (3 - 2 * part));
          if (part < 1) requestAnimationFrame(frame);
        }
        requestAnimationFrame(frame);
      }
      function show() {
        running++;
        spot = null;
        draw(model.get("order").length ? 1 : 0);
      }
      function point(canvas, event) {
        const { left, top, width, height } = canvas.getBoundingClientRect();
        const columns = model.get("columns"), rows = canvas.height / SCALE;
        const column = Math.floor((event.clientX - left) / width * columns);
        const line = Math.floor((event.clientY - top) / height * rows);
        spot = Math.min(Math.max(line, 0), rows - 1) * columns
          + Math.min(Math.max(column, 0), columns - 1);
        draw(model.get("order").length ? 1 : 0);
      }
      for (const canvas of canvases) {
        canvas.addEventListener("pointermove", (event) => point(canvas, event));
        canvas.addEventListener("pointerdown", (event) => point(canvas, event));
      }
      el.addEventListener("keydown", (event) => {
        const columns = model.get("columns"), last = model.get("values")[0].length - 1;
        const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
        if (!(event.key in steps)) return;
        event.preventDefault();
        event.stopPropagation();  // the notebook would take the arrow keys for itself
        spot = Math.min(Math.max((spot ?? 0) + steps[event.key], 0), last);
        draw(model.get("order").length ? 1 : 0);
      });
      model.on("change:values", show);
      model.on("change:order", () => model.get("order").length ? shuffle() : show());
      show();
    }
    export default { render };
    """
    _css = """
    .nst-products > div { display: flex; gap: 10px; }
    .nst-products figure { flex: 1 1 0; min-width: 0; max-width: 460px; margin: 0; }
    .nst-products canvas { width: 100%; image-rendering: pixelated; cursor: crosshair; }
    .nst-products p { min-height: 1.4em; margin: 0.3em 0; }
    .nst-products:focus-visible { outline: 3px solid var(--jp-brand-color1, #1976d2); }
    """

    values: traitlets.List = traitlets.List().tag(sync=True)
    columns = traitlets.Int(1).tag(sync=True)
    order: traitlets.List = traitlets.List().tag(sync=True)
    titles = traitlets.List(traitlets.Unicode()).tag(sync=True)
    colors = traitlets.List(COLORS).tag(sync=True)

    def show(self, one: Tensor, other: Tensor, names: Sequence[str]) -> None:
        """Show two maps (H, W) in their original order, and their product."""
        with self.hold_sync():
            self.titles = [*names, f"the product of {' and '.join(names)}"]
            self.columns = one.shape[1]
            self.values = [
                [round(value, 4) for value in channel.flatten().tolist()]
                for channel in (one.double(), other.double())
            ]
