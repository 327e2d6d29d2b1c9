"""A picture on which regions are painted with a brush, by pointer or by keys."""

import anywidget
import traitlets


class RegionPainter(anywidget.AnyWidget):
    """Regions over a picture: each pixel of the map has the number of its region, or 0 for none.

    Attributes:
        source, alt: data URL of the picture below, and its alt text.
        colors: a CSS color for each region, from number 1 on.
        size: (width, height) of the map, in pixels.
        regions: the map, a byte a pixel, row by row; it is set at the end of each stroke.
        region: the number that the brush paints; 0 erases.
        brush: diameter of the brush, in pixels of the map.
        undone: how often the undo key was pressed.
    """

    _esm = """
    function render({ model, el }) {
      const root = document.createElement("div");
      root.style = "position: relative; width: 100%; max-width: 560px; line-height: 0";
      const picture = document.createElement("img");
      picture.style = "width: 100%; height: auto; margin: 0";
      picture.draggable = false;
      const canvas = document.createElement("canvas");
      canvas.tabIndex = 0;
      canvas.setAttribute("role", "application");
      canvas.style = "position: absolute; inset: 0; width: 100%; height: 100%; " +
        "touch-action: none; cursor: crosshair; image-rendering: pixelated";
      root.append(picture, canvas);
      el.append(root);
      const context = canvas.getContext("2d");
      let map = new Uint8Array(), last = null, cursor = null, hex = [];

      function load() {  // the map and the colors of the model
        [canvas.width, canvas.height] = model.get("size");
        const bytes = model.get("regions");
        map = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength).slice();
        hex = model.get("colors").map((c) => [1, 3, 5].map((i) => parseInt(c.slice(i, i + 2), 16)));
        picture.src = model.get("source");
        picture.alt = model.get("alt");
        draw();
      }
      function draw() {
        const { width, height } = canvas, shown = context.createImageData(width, height);
        map.forEach((region, k) => {
          if (region && hex[region - 1]) shown.data.set([...hex[region - 1], 150], 4 * k);
        });
        context.putImageData(shown, 0, 0);
        if (cursor) {
          for (const [color, dash] of [["black", []], ["white", [3, 3]]]) {
            context.strokeStyle = color;
            context.setLineDash(dash);
            context.beginPath();
            context.arc(...cursor, model.get("brush") / 2, 0, 7);
            context.stroke();
          }
        }
        const region = model.get("region");
        canvas.setAttribute("aria-label", `${model.get("alt")}. Painting ` +
          (region ? `region ${region}` : "nothing: the brush erases") +
          ". Arrow keys move the brush, Space paints, 0 to 9 choose a region, [ and ] change the " +
          "size of the brush, U undoes.");
      }
      function dab([x, y]) {
        const { width, height } = canvas, radius = model.get("brush") / 2;
        for (let j = Math.max(0, Math.floor(y - radius)); j < Math.min(height, y + radius); j++) {
          for (let i = Math.max(0, Math.floor(x - radius)); i < Math.min(width, x + radius); i++) {
            const near = (i + 0.5 - x) ** 2 + (j + 0.5 - y) ** 2 <= Math.max(0.5, radius) ** 2;
            if (near) map[j * width + i] = model.get("region");
          }
        }
      }
      function line(from, to) {
        const steps = Math.max(1, Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1])));
        for (let k = 0; k <= steps; k++) {
          dab([0, 1].map((i) => from[i] + (k / steps) * (to[i] - from[i])));
        }
        draw();
      }
      function send() {
        model.set("regions", new DataView(map.slice().buffer));
        model.save_changes();
      }
      function place(event) {
        const box = canvas.getBoundingClientRect();
        return [(event.clientX - box.left) * canvas.width / box.width,
                (event.clientY - box.top) * canvas.height / box.height];
      }
      function set(name, value) {
        model.set(name, value);
        model.save_changes();
        draw();
      }
      canvas.addEventListener("pointerdown", (event) => {
        canvas.setPointerCapture(event.pointerId);
        canvas.focus({ preventScroll: true });
        last = cursor = place(event);
        line(last, last);
      });
      canvas.addEventListener("pointermove", (event) => {
        cursor = place(event);
        if (last) line(last, cursor);
        last = last && cursor;
        draw();
      });
      canvas.addEventListener("pointerup", () => {
        if (last) send();
        last = null;
      });
      canvas.addEventListener("pointercancel", () => { last = null; load(); });
      canvas.addEventListener("pointerleave", () => { if (!last) { cursor = null; draw(); } });
      canvas.addEventListener("keydown", (event) => {
        const step = event.shiftKey ? 1 : Math.max(1, model.get("brush") / 2);
        const moves = { ArrowUp: [0, -step], ArrowDown: [0, step], ArrowLeft: [-step, 0],
          ArrowRight: [step, 0] };
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        cursor = cursor || [canvas.width / 2, canvas.height / 2];
        if (event.key in moves) {
          const most = [canvas.width, canvas.height];
          cursor = cursor.map((v, i) => Math.min(most[i], Math.max(0, v + moves[event.key][i])));
          draw();
        } else if (event.key === " ") {
          line(cursor, cursor);
          send();
        } else if (/^[0-9]$/.test(event.key) && Number(event.key) <= hex.length) {
          set("region", Number(event.key));
        } else if (event.key === "[" || event.key === "]") {
          const factor = event.key === "[" ? 0.8 : 1.25, brush = model.get("brush");
          const wanted = Math.round(brush * factor);
          set("brush", Math.max(1, wanted === brush ? brush + Math.sign(factor - 1) : wanted));
        } else if (event.key.toLowerCase() === "u") {
          set("undone", model.get("undone") + 1);
        } else {
          return;
        }
        event.preventDefault();
        event.stopPropagation();
      });
      for (const name of ["regions", "size", "source", "alt", "colors"]) {
        model.on(`change:${name}`, load);
      }
      for (const name of ["brush", "region"]) model.on(`change:${name}`, draw);
      load();
    }
    export default { render };
    """

    source = traitlets.Unicode().tag(sync=True)
    alt = traitlets.Unicode().tag(sync=True)
    colors = traitlets.List(traitlets.Unicode()).tag(sync=True)
    size = traitlets.Tuple(traitlets.Int(), traitlets.Int(), default_value=(1, 1)).tag(sync=True)
    regions = traitlets.Bytes(b"\0").tag(  # a page sends a memoryview
        sync=True, from_json=lambda value, widget: bytes(value)
    )
    region = traitlets.Int(1).tag(sync=True)
    brush = traitlets.Int(16).tag(sync=True)
    undone = traitlets.Int(0).tag(sync=True)
