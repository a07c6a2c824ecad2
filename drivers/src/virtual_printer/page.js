"use strict";

const papers = document.getElementById("papers");
const line = document.getElementById("state");
const shown = new Set();

function show(state) {
  const words = [
    `power ${state.power}`, `paper ${state.paper}`, `cover ${state.cover}`, `cutter ${state.cutter}`,
    `drawer ${state.drawer}`, state.connected ? "connected" : "no connection",
    `${state.bytes} bytes`, `${state.papers} papers`, `${state.unknown_commands} unknown commands`,
  ];
  line.textContent = words.join(" · ");
  for (const button of document.querySelectorAll("button[data-fault]")) {
    button.classList.toggle("on", state.faults.includes(button.dataset.fault) && button.dataset.value !== "false");
  }
  for (const number of [...state.latest].reverse()) {
    if (shown.has(number)) continue;
    shown.add(number);
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    caption.append(`${number} · `);
    for (const kind of ["txt", "jsonl"]) {
      const link = document.createElement("a");
      link.href = `/papers/${number}.${kind}`;
      link.textContent = kind;
      caption.append(link, " ");
    }
    const image = document.createElement("img");
    image.src = `/papers/${number}.png`;
    image.alt = `paper ${number}`;
    figure.append(caption, image);
    papers.prepend(figure);
  }
}

async function ask(options) {
  try {
    const response = await fetch("/state", { headers: { accept: "application/json" }, ...options });
    const body = await response.json();
    if (response.ok) show(body); else line.textContent = body.error;
  } catch {
    line.textContent = "the virtual printer has ended";
  }
}

document.getElementById("buttons").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const order = { fault: button.dataset.fault };
  if (button.dataset.value) order.value = JSON.parse(button.dataset.value);
  ask({ method: "POST", body: JSON.stringify(order) });
});

ask();
setInterval(ask, 1000);
