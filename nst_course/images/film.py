"""Frames on a page, with a slider through them and a button that plays them."""

import anywidget
import traitlets


class Film(anywidget.AnyWidget):
    """Frames and their captions; the last one is shown first.

    Attributes:
        frames: data URLs.
        captions: one for each frame; they are the alt texts as well.
        width: on the page, in pixels.
    """

    _esm = """
    const PAUSE = 250;  // milliseconds of a frame

    function render({ model, el }) {
      const frames = model.get("frames"), captions = model.get("captions");
      const [picture, row, play, slider, caption] = ["img", "div", "button", "input", "output"]
        .map((name) => document.createElement(name));
      let timer = 0;

      function show(place) {
        slider.value = place;
        picture.src = frames[place];
        picture.alt = caption.textContent = captions[place];
        slider.setAttribute("aria-valuetext", captions[place]);
      }
      function stop() {
        clearInterval(timer);
        timer = 0;
        play.textContent = "Play";
      }
      function next() {
        show(Number(slider.value) + 1);
        if (slider.value === slider.max) stop();
      }
      play.addEventListener("click", () => {
        if (timer) return stop();
        if (slider.value === slider.max) show(0);
        play.textContent = "Pause";
        timer = setInterval(next, PAUSE);
      });
      slider.addEventListener("input", () => { stop(); show(Number(slider.value)); });
      slider.addEventListener("keydown", (event) => event.stopPropagation());  // not the notebook's
      picture.style = `width: ${model.get("width")}px; max-width: 100%`;
      row.style = "display: flex; gap: 0.6em; align-items: center; margin: 0.3em 0";
      slider.type = "range";
      slider.max = frames.length - 1;
      slider.setAttribute("aria-label", "Frame");
      row.append(play, slider, caption);
      el.append(picture, row);
      stop();
      show(frames.length - 1);
      return stop;
    }
    export default { render };
    """

    frames = traitlets.List(traitlets.Unicode()).tag(sync=True)
    captions = traitlets.List(traitlets.Unicode()).tag(sync=True)
    width = traitlets.Int().tag(sync=True)
