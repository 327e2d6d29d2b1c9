"""A triangle with a point that is moved by the pointer or by the arrow keys."""

import anywidget
import traitlets


class TrianglePad(anywidget.AnyWidget):
    """Three pictures at the corners of a triangle, a point in it, and the point's path.

    Attributes:
        sources, names: data URL and name of the picture at each corner: top, left, right.
        weights: how near the point is to each corner; they add up to 1.
        path: the earlier weights of the point, the oldest first.
    """

    _esm = """
    const CORNERS = [[150, 78], [60, 234], [240, 234]], SIDE = 56;
    const PLACES = [[122, 14], [2, 206], [242, 206]];

    function svg(name, attributes, parent) {
      const element = document.createElementNS("http://www.w3.org/2000/svg", name);
      for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
      parent.append(element);
      return element;
    }

    function place(weights) {  // weights -> position
      return [0, 1].map((k) => weights.reduce((sum, w, i) => sum + w * CORNERS[i][k], 0));
    }

    function weigh([x, y]) {  // position -> weights, those of the nearest point in the triangle
      const [[ax, ay], [bx, by], [cx, cy]] = CORNERS;
      const top = (by - y) / (by - ay);
      const right = (x - bx - top * (ax - bx)) / (cx - bx);
      const weights = [top, 1 - top - right, right].map((w) => Math.max(0, w));
      const sum = weights.reduce((a, b) => a + b);
      return weights.map((w) => w / sum);
    }

    function render({ model, el }) {
      const root = svg("svg", { viewBox: "0 0 300 270", width: "100%", tabindex: 0,
        role: "application", "aria-roledescription": "mixing triangle" }, el);
      root.style = "max-width: 310px; touch-action: none; cursor: crosshair";
      svg("polygon", { points: CORNERS.join(" "), fill: "currentColor", "fill-opacity": 0.08,
        stroke: "currentColor" }, root);
      const pictures = PLACES.map(([x, y]) => svg("image", { x, y, width: SIDE, height: SIDE,
        preserveAspectRatio: "xMidYMid slice" }, root));
      const titles = pictures.map((picture) => svg("title", {}, picture));
      const path = svg("polyline", { fill: "none", stroke: "#e6550d", "stroke-width": 2 }, root);
      const point = svg("circle", { r: 8, fill: "#e6550d", stroke: "white", "stroke-width": 2 },
        root);
      let last = 0;

      function draw() {
        const weights = model.get("weights"), [x, y] = place(weights);
        point.setAttribute("cx", x);
        point.setAttribute("cy", y);
        path.setAttribute("points", [...model.get("path"), weights].map(place).join(" "));
        const names = model.get("names");
        pictures.forEach((picture, i) => {
          picture.setAttribute("href", model.get("sources")[i]);
          titles[i].textContent = names[i];
        });
        const parts = names.map((name, i) => `${name} ${Math.round(100 * weights[i])} %`);
        root.setAttribute("aria-label",
          `Mixture: ${parts.join(", ")}. The arrow keys move the point, 1 to 3 choose a corner.`);
      }
      function move(weights, send) {
        model.set("weights", weights);
        if (send) model.save_changes();
      }
      function follow(event) {
        const box = root.getBoundingClientRect();
        const scale = 300 / box.width, now = Date.now();
        const position = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
        const due = event.type !== "pointermove" || now - last > 150;  // a few messages a second
        if (due) last = now;
        move(weigh(position), due);
      }
      root.addEventListener("pointerdown", (event) => {
        root.setPointerCapture(event.pointerId);
        root.focus({ preventScroll: true });
        follow(event);
      });
      root.addEventListener("pointermove", (event) => event.buttons && follow(event));
      root.addEventListener("pointerup", follow);
      root.addEventListener("keydown", (event) => {
        const step = event.shiftKey ? 2 : 10, [x, y] = place(model.get("weights"));
        const moves = { ArrowUp: [0, -step], ArrowDown: [0, step], ArrowLeft: [-step, 0],
          ArrowRight: [step, 0] };
        if (event.key in moves) {
          move(weigh([x + moves[event.key][0], y + moves[event.key][1]]), true);
        } else if (["1", "2", "3"].includes(event.key)) {
          move([0, 1, 2].map((i) => Number(i + 1 === Number(event.key))), true);
        } else {
          return;
        }
        event.preventDefault();
        event.stopPropagation();
      });
      for (const name of ["weights", "path", "sources", "names"]) model.on(`change:${name}`, draw);
      draw();
    }
    export default { render };
    """

    sources = traitlets.List(traitlets.Unicode()).tag(sync=True)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    weights = traitlets.List(traitlets.Float(), default_value=[1 / 3, 1 / 3, 1 / 3]).tag(sync=True)
    path = traitlets.List(traitlets.List(traitlets.Float())).tag(sync=True)
