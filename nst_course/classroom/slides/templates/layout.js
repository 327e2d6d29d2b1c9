// Cuts the slides so that each fits the page: what does not fit goes onto a further slide.
// Reveal scales the whole page, so what fits 1280 x 720 fits every projector.
(function () {
  "use strict";
  const HEIGHT = 664;
  const WIDTH = 1200;
  const SMALLEST_PICTURE = 330;
  const SHORT_CODE = 170; // pixels; moves to the slide of the picture that it draws
  const stage = document.getElementById("stage");

  const fits = () => stage.scrollHeight <= HEIGHT;

  function picture(block) {
    return block.querySelector(":scope > img");
  }

  // A heading, or a line in bold letters that stands for one, stays with what follows.
  function isHeading(block) {
    const bold = block.querySelector(":scope > p > strong:only-child");
    return Boolean(block.querySelector("h1, h2, h3")) ||
      Boolean(bold && bold.textContent.trim() === block.textContent.trim());
  }

  // Whether a block fits below what is on the stage; a picture may shrink a little for it.
  function put(block, alone) {
    stage.appendChild(block);
    const image = picture(block);
    if (fits()) return true;
    const full = image ? image.offsetHeight : 0;
    const room = full - (stage.scrollHeight - HEIGHT);
    if (!image || (!alone && room < full * 0.75)) {
      block.remove();
      return false;
    }
    image.style.maxHeight = Math.floor(room) + "px";
    return true;
  }

  // Whether a text fits if the picture before it makes room: it moves aside, or gets smaller.
  function putByPicture(block) {
    const last = stage.lastElementChild;
    if (!last || !block.matches(".text") || picture(block) || isHeading(block)) return false;
    if (last.matches(".row")) {
      last.lastElementChild.appendChild(block);
      if (fits()) return true;
      block.remove();
      return false;
    }
    const image = picture(last);
    if (!image) return false;
    const height = image.offsetHeight;
    if (image.offsetWidth <= WIDTH / 2 || image.naturalWidth < 1.6 * image.naturalHeight) {
      const row = document.createElement("div");
      const column = document.createElement("div");
      row.className = "row";
      column.appendChild(block);
      last.replaceWith(row);
      row.append(last, column);
      if (fits()) return true;
      row.replaceWith(last);
      block.remove();
    }
    stage.appendChild(block);
    const room = height - (stage.scrollHeight - HEIGHT);
    if (room >= Math.max(SMALLEST_PICTURE, height * 0.6)) {
      image.style.maxHeight = Math.floor(room) + "px";
      return true;
    }
    block.remove();
    return false;
  }

  // Whether a text fits if everything on the slide is written smaller.
  function putSmaller(block) {
    if (!block.matches(".text") || isHeading(block)) return false;
    stage.style.fontSize = "23px";
    stage.appendChild(block);
    if (fits()) return true;
    block.remove();
    stage.style.fontSize = "";
    return false;
  }

  // The picture that a text on the next slide speaks of, to be shown there once more.
  function again(block, descriptions) {
    const shown = Array.from(stage.querySelectorAll(".block")).filter(picture).pop();
    if (!shown || block.dataset.again || !descriptions.has(block.dataset.cell)) return [];
    block.dataset.again = "yes";
    const copy = shown.cloneNode(true);
    const ratio = picture(shown).naturalWidth / picture(shown).naturalHeight;
    const height = ratio > 2 ? 360 : 560;
    Object.assign(picture(copy).style, { // the copy is laid out before it is loaded
      width: Math.min(height * ratio, ratio > 2 ? WIDTH : WIDTH / 2) + "px",
      maxHeight: "none", aspectRatio: String(ratio), objectFit: "contain",
    });
    copy.classList.remove("fragment");
    return [copy];
  }

  // Makes a picture, and then the text, as large as the slide allows.
  function fill() {
    const images = stage.querySelectorAll(":scope > .block > img");
    if (images.length === 1) {
      const image = images[0];
      const { width, maxHeight } = image.style;
      const high = 1 + (HEIGHT - stage.scrollHeight) / image.offsetHeight;
      image.style.width = Math.floor(image.offsetWidth * Math.min(high, WIDTH / image.offsetWidth, 2)) + "px";
      image.style.maxHeight = "none";
      if (!fits()) Object.assign(image.style, { width, maxHeight });
    }
    for (const size of ["31px", "28px", "", "23px"]) {
      stage.style.fontSize = size;
      if (fits()) break;
    }
  }

  // The parts of a block that is too tall for any slide: rows, items, lines.
  function parts(block) {
    const found = cut(block);
    return found.length > 1 ? found : [];
  }

  function cut(block) {
    const inner = block.firstElementChild;
    if (!inner) return [];
    const shell = (child) => {
      const copy = block.cloneNode(false);
      copy.appendChild(child);
      return copy;
    };
    if (inner.matches("ul, ol")) {
      const start = Number(inner.getAttribute("start") || 1);
      if (inner.children.length < 2) return [];
      return Array.from(inner.children).map((item, number) => {
        const list = inner.cloneNode(false);
        if (inner.matches("ol")) list.setAttribute("start", start + number);
        list.appendChild(item);
        return shell(list);
      });
    }
    const table = inner.matches("table") ? inner : inner.querySelector("table");
    if (table) {
      const head = table.querySelector("thead");
      return halves(Array.from(table.querySelectorAll("tbody > tr")), 6).map((rows) => {
        const copy = table.cloneNode(false);
        if (head) copy.appendChild(head.cloneNode(true));
        rows.forEach((row) => copy.appendChild(row));
        return shell(copy);
      });
    }
    const code = inner.matches("pre") ? inner : inner.querySelector("pre");
    if (code) {
      return halves(code.innerHTML.replace(/\n+$/, "").split("\n"), 16).map((lines) => {
        const copy = code.cloneNode(false);
        copy.innerHTML = lines.join("\n");
        const around = document.createElement("div");
        around.className = inner.className;
        around.appendChild(copy);
        return shell(around);
      });
    }
    if (inner.matches("p")) {
      return inner.innerHTML.split(/(?<=[.?!]) (?=[A-Z*<])/).map((sentence) => {
        const copy = inner.cloneNode(false);
        copy.innerHTML = sentence;
        return shell(copy);
      });
    }
    return [];
  }

  function halves(items, count) {
    const found = [];
    for (let i = 0; i < items.length; i += count) found.push(items.slice(i, i + count));
    return found.length > 1 ? found : [];
  }

  function paginate(section) {
    const waiting = Array.from(section.querySelectorAll(":scope > .block"));
    const notes = section.querySelector("aside.notes");
    const heading = section.dataset.title || "";
    const descriptions = new Set(waiting.filter((one) => /^\s*What to see/.test(one.textContent))
      .map((one) => one.dataset.cell));
    const pages = [];
    let count = 0;
    const turn = () => {
      fill();
      const page = document.createElement("section");
      page.style.fontSize = stage.style.fontSize;
      stage.style.fontSize = "";
      page.append(...stage.childNodes);
      if (notes) page.appendChild(notes.cloneNode(true));
      firstIsShown(page);
      pages.push(page);
      count = 0;
    };
    while (waiting.length) {
      const block = waiting.shift();
      if (!stage.childElementCount && heading && !isHeading(block)) {
        const line = document.createElement("div");
        line.className = "again";
        line.textContent = heading;
        stage.appendChild(line);
      }
      const goesAlong = (one) => isHeading(one) || (one.matches(".code") &&
        Number(one.dataset.cell) + 1 === Number(block.dataset.cell) && one.offsetHeight < SHORT_CODE);
      const alone = Array.from(stage.querySelectorAll(".block")).every(goesAlong);
      if (put(block, alone) || putByPicture(block) || putSmaller(block)) {
        count += 1;
        continue;
      }
      const pictures = again(block, descriptions);
      if (pictures.length) {
        turn();
        waiting.unshift(...pictures, block);
        continue;
      }
      const smaller = count && !picture(block) ? [] : parts(block);
      if (smaller.length) waiting.unshift(...smaller);
      else if (count) {
        if (count === 1 && isHeading(stage.lastElementChild)) {
          const pieces = parts(block);
          if (pieces.length) { waiting.unshift(...pieces); continue; }
        }
        const taken = [];
        while (taken.length < count - 1 && goesAlong(stage.lastElementChild)) {
          taken.unshift(stage.lastElementChild);
          taken[0].remove();
        }
        turn();
        waiting.unshift(...taken, block);
      } else {
        block.classList.add("small");
        stage.appendChild(block);
        count += 1;
      }
    }
    if (count) turn();
    stage.replaceChildren();
    section.replaceWith(...pages);
  }

  // The first thing on a slide is there from the start.
  function firstIsShown(page) {
    const blocks = Array.from(page.querySelectorAll(".block"));
    const cell = blocks.length ? blocks[0].dataset.cell : "";
    blocks.filter((one) => one.dataset.cell === cell).forEach((one) => one.classList.remove("fragment"));
  }

  async function start() {
    await MathJax.startup.promise;
    await document.fonts.ready;
    await Promise.all(Array.from(document.images, (image) => image.decode().catch(() => {})));
    for (const image of document.querySelectorAll(".block > img")) {
      if (Math.max(image.naturalWidth, image.naturalHeight) < SMALLEST_PICTURE) {
        image.style.width = SMALLEST_PICTURE + "px"; // a small picture is enlarged
        image.style.objectFit = "contain";
      }
    }
    document.querySelectorAll(".slides > section > section").forEach(paginate);
    stage.remove();
    await Reveal.initialize({
      width: 1280, height: 720, margin: 0, minScale: 0.1, maxScale: 6, center: false, hash: true,
      transition: "none", slideNumber: "c/t", pdfSeparateFragments: false,
      pdfMaxPagesPerSlide: 1, plugins: [RevealNotes],
    });
    document.documentElement.dataset.ready = "yes";
  }
  start();
})();
