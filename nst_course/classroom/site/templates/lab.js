// A lab without a kernel: each knob is a slider over the places of its values, and the picture is
// the frame for these places.
for (const lab of document.querySelectorAll(".lab")) {
    const knobs = [...lab.querySelectorAll("input")];
    const values = knobs.map(knob => JSON.parse(knob.dataset.values));
    const notes = JSON.parse(lab.dataset.notes);
    const [picture, sound, note] = ["img", "audio", ".note"].map(one => lab.querySelector(one));
    const places = () => knobs.map(knob => Number(knob.value));
    const address = (chosen, kind = "webp") => `${lab.dataset.folder}${chosen.join("-")}.${kind}`;

    function show() {
        const chosen = places(), words = chosen.map((place, n) => values[n][place]);
        picture.src = address(chosen);
        picture.alt = lab.dataset.alt.replace(/\{(\d)\}/g, (_, n) => words[n]);
        knobs.forEach((knob, n) => {
            knob.setAttribute("aria-valuetext", words[n]);
            knob.parentElement.querySelector("output").textContent = words[n];
        });
        if (sound) {
            sound.src = address(chosen, "mp3");
            sound.setAttribute("aria-label", picture.alt);
        }
        if (note) note.textContent = notes[chosen[0]];
        for (const [n, place] of chosen.entries()) {  // the next move finds its picture here
            for (const next of [place - 1, place + 1]) {
                if (values[n][next] !== undefined) new Image().src = address(chosen.with(n, next));
            }
        }
    }

    knobs.forEach(knob => knob.addEventListener("input", show));
    for (const button of lab.querySelectorAll("button")) {
        const knob = button.parentElement.querySelector("input");
        let timer = 0;
        button.addEventListener("click", async () => {
            clearInterval(timer);
            const turned = knobs.indexOf(knob);
            await Promise.all(values[turned].map((_, place) => {  // a film must not wait for frames
                const frame = new Image();
                frame.src = address(places().with(turned, place));
                return frame.decode().catch(() => {});
            }));
            clearInterval(timer);  // of a second click meanwhile
            knob.value = 0;
            show();
            timer = setInterval(() => {
                knob.value = Number(knob.value) + 1;
                show();
                if (knob.value === knob.max) clearInterval(timer);
            }, Number(button.dataset.pause));
        });
    }
}
