// What scrolls by itself can be reached by the keyboard.
function reachable() {
    for (const box of document.querySelectorAll("pre, div.picture, .table-wrapper, div.math")) {
        if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
        else box.removeAttribute("tabindex");
    }
    for (const formula of document.querySelectorAll("span.math > mjx-container")) {
        const room = formula.closest("p, li, td, article").clientWidth;
        formula.parentElement.classList.toggle("long", formula.getBoundingClientRect().width > room);
    }
}
new ResizeObserver(reachable).observe(document.querySelector("article"));  // formulas come late

// Sphinx gives the headings of the contents a role, and no level.
for (const heading of document.querySelectorAll(".caption[role=heading]")) heading.ariaLevel = "2";
