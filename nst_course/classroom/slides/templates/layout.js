// Cuts the slides so that each fits the page: what does not fit goes onto a further slide.
// Reveal scales the whole page, so what fits 1280 x 720 fits every projector.
(function () {
  "use strict";
  const HEIGHT = 664;
  const SMALLEST_PICTURE = 330; // a picture gets a slide of its own before it gets smaller
  const stage = document.getElementById("stage");

  const fits = () => stage.scrollHeight <= HEIGHT;

  function picture(block) {
    return block.querySelector(":scope > img");
  }

  // Whether a block fits below what is on the stage; a picture may shrink for it.
  function put(block, alone) {
    stage.appendChild(block);
    const image = picture(block);
    if (!image || fits()) return fits();
    const room = image.offsetHeight - (stage.scrollHeight - HEIGHT);
    if (alone || room >= Math.min(SMALLEST_PICTURE, image.offsetHeight * 0.7)) {
      image.style.maxHeight = Math.floor(room) + "px";
      return true;
    }
    return false;
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
    const pages = [];
    let count = 0;
    const turn = () => {
      const page = document.createElement("section");
      page.append(...stage.childNodes);
      if (notes) page.appendChild(notes.cloneNode(true));
      firstIsShown(page);
      pages.push(page);
      count = 0;
    };
    while (waiting.length) {
      const block = waiting.shift();
      if (!stage.childElementCount && pages.length && heading && !block.querySelector("h1, h2, h3")) {
        const line = document.createElement("div");
        line.className = "again";
        line.textContent = heading;
        stage.appendChild(line);
      }
      const alone = !count || (count === 1 && stage.lastElementChild.querySelector("h1, h2, h3"));
      if (put(block, alone)) {
        count += 1;
        continue;
      }
      const smaller = count && !picture(block) ? [] : parts(block);
      block.remove();
      if (smaller.length) waiting.unshift(...smaller);
      else if (count) {
        const last = stage.lastElementChild; // a heading goes with what follows
        const taken = last.querySelector("h1, h2, h3") && count > 1 ? [last] : [];
        if (count === 1 && last.querySelector("h1, h2, h3")) {
          const pieces = parts(block);
          if (pieces.length) { waiting.unshift(...pieces); continue; }
        }
        taken.forEach((one) => one.remove());
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
    const blocks = Array.from(page.querySelectorAll(":scope > .block"));
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
