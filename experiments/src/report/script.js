"use strict";
// Adds to each chart a read-out of the nearest value, and makes names hide and show their lines.
// The page says the same without it: values are tooltips and files, names are labels.
const NEAR = 300; // units of the drawing: 30 pixels
const HINT = "Point at the chart, or use the arrow keys, for its values";

function hitsOf(svg) {
  return [...svg.querySelectorAll(".hits > *")].map((shape) => {
    const title = shape.querySelector("title");
    const text = title.textContent;
    title.remove(); // the read-out says it
    const box = shape.getBBox();
    const circle = shape.tagName === "circle";
    return { text, circle, box, group: shape.parentNode, x: box.x + box.width / 2, y: box.y + box.height / 2 };
  });
}

function distance(hit, at) {
  if (hit.circle) return Math.hypot(hit.x - at.x, hit.y - at.y);
  const dx = Math.max(hit.box.x - at.x, 0, at.x - hit.box.x - hit.box.width);
  const dy = Math.max(hit.box.y - at.y, 0, at.y - hit.box.y - hit.box.height);
  return Math.hypot(dx, dy);
}

function addReadout(svg, output) {
  const hits = hitsOf(svg);
  if (hits.length === 0) return;
  const visible = () => hits.filter((hit) => !hit.group.classList.contains("off"));
  const ring = document.createElementNS("http://www.w3.org/2000/svg", "circle");
  for (const [name, value] of Object.entries({ class: "cursor", r: 70, fill: "none", stroke: "#222222", "stroke-width": 12 }))
    ring.setAttribute(name, value);
  let current = null;
  const show = (hit) => {
    current = hit;
    output.textContent = hit ? hit.text : HINT;
    output.classList.toggle("hint", !hit);
    if (hit && hit.circle) {
      ring.setAttribute("cx", hit.x);
      ring.setAttribute("cy", hit.y);
      svg.append(ring);
    } else ring.remove();
  };
  show(null);
  svg.addEventListener("pointermove", (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    let best = null;
    for (const hit of visible()) if (!best || distance(hit, at) < distance(best, at)) best = hit;
    show(best && distance(best, at) < NEAR ? best : null);
  });
  svg.addEventListener("pointerleave", () => show(null));
  svg.setAttribute("tabindex", "0");
  svg.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") show(null);
    if (!step || event.target !== svg) return;
    event.preventDefault();
    const all = visible();
    const along = event.key === "ArrowRight" || event.key === "ArrowLeft";
    show(along ? all[(all.indexOf(current) + step + all.length) % all.length] : otherLine(all, current, step));
  });
}

// The value nearest in x on the next line.
function otherLine(all, current, step) {
  const groups = [...new Set(all.map((hit) => hit.group))];
  const group = groups[(groups.indexOf(current && current.group) + step + groups.length) % groups.length];
  const x = current ? current.x : 0;
  return all.filter((hit) => hit.group === group).reduce((a, b) => (Math.abs(b.x - x) < Math.abs(a.x - x) ? b : a));
}

function addToggles(svg) {
  const numbers = new Set([...svg.querySelectorAll(".key")].map((key) => key.dataset.series));
  for (const number of numbers) {
    const lines = svg.querySelectorAll(`.series[data-series="${number}"], .hits[data-series="${number}"]`);
    const keys = svg.querySelectorAll(`.key[data-series="${number}"]`);
    const button = [...keys].find((key) => key.querySelector("text"));
    if (lines.length === 0 || !button) continue;
    const toggle = () => {
      const off = button.getAttribute("aria-pressed") === "true";
      button.setAttribute("aria-pressed", String(!off));
      for (const line of lines) line.classList.toggle("off", off);
      for (const key of keys) key.classList.toggle("dim", off);
    };
    for (const [name, value] of Object.entries({ role: "button", tabindex: 0, "aria-pressed": true, "aria-label": button.dataset.label }))
      button.setAttribute(name, value);
    for (const key of keys) key.addEventListener("click", toggle);
    button.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      toggle();
    });
  }
}

for (const figure of document.querySelectorAll("figure")) {
  const svg = figure.querySelector("svg");
  svg.setAttribute("role", "group"); // it now has parts that can be used
  addReadout(svg, figure.querySelector("output"));
  addToggles(svg);
}

const command = document.getElementById("command");
if (command && navigator.clipboard) {
  const button = document.createElement("button");
  button.textContent = "copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(command.textContent);
    button.textContent = "copied";
  });
  command.after(" ", button);
}
