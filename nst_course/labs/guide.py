"""What helps to find one's way in a lab: a tour, and names that screen readers read."""

from collections.abc import Sequence

import anywidget
import ipywidgets as widgets
import traitlets


class Guide(anywidget.AnyWidget):
    """A tour of a lab: each step outlines a part and asks for one thing.

    It starts by itself the first time that a browser shows the lab, and never again. It also gives
    each slider of the lab the name that stands beside it, which ipywidgets does not, and hides the
    picture of the lab in the notebook.

    Args:
        name: of the lab.
        tour: (part of the lab, what the tour says about it) of each step.
    """

    _esm = """
    function element(name, parent, text = "") {
      const made = document.createElement(name);
      made.textContent = text;
      parent.append(made);
      return made;
    }

    function render({ model, el }) {
      const texts = model.get("texts"), seen = `nst-course tour ${model.get("name")}`;
      const page = () => el.closest(".jp-OutputArea, .output_wrapper, .output") ?? document;
      el.classList.add("nst-guide");
      const start = element("button", el, `Tour of this lab in ${texts.length} steps`);
      const box = element("div", el);
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", "Tour of this lab");
      // Above the text, whose lines vary: the buttons stay below the pointer.
      const back = element("button", box, "Back"), next = element("button", box, "Next");
      const end = element("button", box, "End the tour");
      const words = element("p", box);
      words.setAttribute("aria-live", "polite");
      let step = -1;

      function outline(on) {
        const part = page().querySelector(`.nst-tour-${model.get("name")}-${step}`);
        part?.classList.toggle("nst-here", on);
        return part;
      }
      function go(number, scroll = true) {
        outline(false);
        step = number < texts.length ? number : -1;
        const part = outline(true);
        if (scroll) part?.scrollIntoView({ block: "nearest" });
        box.hidden = step < 0;
        start.hidden = step >= 0;
        words.textContent = step < 0 ? "" : `${step + 1} of ${texts.length}. ${texts[step]}`;
        back.disabled = step <= 0;
        next.textContent = step === texts.length - 1 ? "Done" : "Next";
      }
      start.addEventListener("click", () => { go(0); next.focus(); });
      back.addEventListener("click", () => go(step - 1));
      next.addEventListener("click", () => { go(step + 1); if (step < 0) start.focus(); });
      end.addEventListener("click", () => { go(-1); start.focus(); });
      let first = false;
      try {  // a page without storage shows the tour only on request
        first = !localStorage.getItem(seen);
        localStorage.setItem(seen, "seen");
      } catch (error) {}
      go(first ? 0 : -1, false);
      if (first) setTimeout(() => step === 0 && go(0, false), 500);  // the parts are there now

      // The picture of the lab below it is for pages that cannot show widgets.
      for (const picture of document.querySelectorAll('.jp-MarkdownCell img[src*="_lab.jpg"]'))
        picture.closest(".jp-MarkdownCell").style.display = "none";

      // Every slider handle gets the text of its label as its name.
      function name() {
        for (const row of page().querySelectorAll(".widget-hslider")) {
          const label = row.querySelector(".widget-label")?.textContent;
          for (const handle of row.querySelectorAll("[role=slider]:not([aria-label])"))
            if (label) handle.setAttribute("aria-label", label);
        }
      }
      const watcher = new MutationObserver(name);
      setTimeout(() => {
        name();
        watcher.observe(page(), { childList: true, subtree: true });
      }, 500);
      return () => watcher.disconnect();
    }
    export default { render };
    """
    _css = """
    .nst-guide [hidden] { display: none; }
    .nst-guide button { font: inherit; margin-right: 0.4em; padding: 0.1em 0.6em; cursor: pointer;
      color: var(--jp-ui-font-color1, #212121); background: var(--jp-layout-color2, #eee);
      border: 1px solid var(--jp-border-color1, #bdbdbd); border-radius: 2px; }
    .nst-guide button:disabled { opacity: 0.5; cursor: default; }
    .nst-guide [role=region] { padding: 0.5em 0.8em; max-width: 50em;
      border-left: 4px solid var(--jp-brand-color1, #1976d2); }
    .nst-guide p { margin: 0.4em 0 0; line-height: 1.4; }
    [data-jp-theme-light=false] .widget-dropdown > select {  /* its arrow is black */
      background-image: url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' \
viewBox='0 0 18 18'%3E%3Cpath d='M5 6l4 4 4-4 1 1-5 5-5-5z' fill='%23eee'/%3E%3C/svg%3E"); }
    .nst-here { outline: 3px solid var(--jp-brand-color1, #1976d2); outline-offset: -3px; }
    """

    name = traitlets.Unicode().tag(sync=True)
    texts = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(self, name: str, tour: Sequence[tuple[widgets.DOMWidget, str]]):
        super().__init__(name=name, texts=[text for _, text in tour])
        for number, (part, _) in enumerate(tour):
            part.add_class(f"nst-tour-{name}-{number}")
