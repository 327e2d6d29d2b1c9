"""Shares of a whole as one stacked bar, whose borders can be dragged."""

import anywidget
import traitlets


class ShareBar(anywidget.AnyWidget):
    """Shares in percent, side by side; dragging a border moves share from one part to the next.

    With the keyboard: Tab goes from border to border, and the arrow keys move it.

    Attributes:
        names: of the parts.
        shares: in percent, whole numbers that add up to 100.
    """

    _esm = """
    const COLORS = ["#4d4d4d", "#0b5a8f", "#00664b", "#8a4b00", "#8f2d56", "#5b3fa8", "#7a1f1f"];

    function render({ model, el }) {
      const bar = document.createElement("div");
      bar.className = "nst-shares";
      bar.setAttribute("role", "group");
      bar.setAttribute("aria-label", "Shares of the gradient");
      el.append(bar);
      const parts = [], borders = [];

      function move(border, percent) {
        const shares = [...model.get("shares")];
        const before = shares.slice(0, border).reduce((sum, share) => sum + share, 0);
        const both = shares[border] + shares[border + 1];
        const left = Math.min(Math.max(Math.round(percent - before), 0), both);
        shares[border] = left;
        shares[border + 1] = both - left;
        model.set("shares", shares);
        model.save_changes();
      }
      function draw() {
        let edge = 0;
        model.get("shares").forEach((share, index) => {
          const text = `${model.get("names")[index]} ${share} %`;
          parts[index].style.flex = `${share} 0 0`;
          parts[index].title = text;
          parts[index].textContent = share >= 13 ? text.replace(" ", "\\n") : "";
          edge += share;
          if (!borders[index]) return;
          borders[index].style.left = `${edge}%`;
          borders[index].setAttribute("aria-valuenow", edge);
          borders[index].setAttribute("aria-valuetext",
            `${text}, ${model.get("names")[index + 1]} ${model.get("shares")[index + 1]} %`);
        });
      }
      model.get("names").forEach((name, index, names) => {
        const part = document.createElement("div");
        part.className = "nst-share";
        part.style.background = COLORS[index % COLORS.length];
        bar.append(part);
        parts.push(part);
        if (index === names.length - 1) return;
        const border = document.createElement("div");
        border.className = "nst-border";
        const words = { role: "slider", tabindex: 0, "aria-valuemin": 0, "aria-valuemax": 100,
          "aria-label": `Border between ${name} and ${names[index + 1]}` };
        for (const [key, value] of Object.entries(words)) border.setAttribute(key, value);
        border.addEventListener("pointerdown", (event) => {
          event.preventDefault();
          border.focus();
          border.setPointerCapture(event.pointerId);
          const { left, width } = bar.getBoundingClientRect();
          border.onpointermove = (moved) => move(index, 100 * (moved.clientX - left) / width);
        });
        for (const end of ["pointerup", "pointercancel"])
          border.addEventListener(end, () => (border.onpointermove = null));
        border.addEventListener("keydown", (event) => {
          const steps = { ArrowLeft: -1, ArrowRight: 1, PageDown: -10, PageUp: 10 };
          if (!(event.key in steps)) return;
          event.preventDefault();
          event.stopPropagation();  // the notebook would take the arrow keys for itself
          move(index, Number(border.getAttribute("aria-valuenow")) + steps[event.key]);
        });
        borders.push(border);
      });
      for (const border of borders) bar.append(border);  // above the parts
      model.on("change:shares", draw);
      draw();
    }
    export default { render };
    """
    _css = """
    .nst-shares { position: relative; display: flex; width: 100%; height: 44px;
      margin: 4px 0; touch-action: none; }
    .nst-share { min-width: 0; overflow: hidden; color: #fff; font-size: 11px; line-height: 14px;
      padding-top: 8px; text-align: center; white-space: pre; }
    .nst-border { position: absolute; top: -3px; bottom: -3px; width: 14px; margin-left: -7px;
      cursor: ew-resize; background: linear-gradient(#fff, #fff) center / 4px 100% no-repeat; }
    .nst-border:focus-visible { outline: 3px solid var(--jp-brand-color1, #1976d2); }
    """

    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    shares = traitlets.List(traitlets.Int()).tag(sync=True)


def whole_percent(values: list[float]) -> list[int]:
    """The values as whole percent of their sum that add up to 100."""
    total = sum(values)
    exact = [100 * value / total for value in values]
    floors = [int(value) for value in exact]
    largest = sorted(range(len(exact)), key=lambda k: floors[k] - exact[k])
    for k in largest[: 100 - sum(floors)]:
        floors[k] += 1
    return floors
