"use strict";

const find = (id) => document.getElementById(id);
const shown = new Set();
let first = true;
let slotRows = 0;
let last = null;

// ---- sound --------------------------------------------------------------------------------------------------

let audio = null;
find("sound").addEventListener("change", (event) => {
  if (event.target.checked && !audio) audio = new AudioContext();
});

function tone(frequency, seconds, shape, volume) {
  if (!audio || !find("sound").checked) return;
  const [oscillator, gain] = [audio.createOscillator(), audio.createGain()];
  oscillator.type = shape;
  oscillator.frequency.value = frequency;
  gain.gain.setValueAtTime(volume, audio.currentTime);
  gain.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + seconds);
  oscillator.connect(gain).connect(audio.destination);
  oscillator.start();
  oscillator.stop(audio.currentTime + seconds);
}

const sounds = {
  print: () => tone(180, 0.12, "sawtooth", 0.05),
  cut: () => tone(900, 0.06, "square", 0.08),
  drawer: () => tone(1320, 0.7, "sine", 0.15),
  error: () => tone(440, 0.3, "square", 0.06),
};

// ---- state --------------------------------------------------------------------------------------------------

function light(name, look) {
  document.querySelector(`[data-light="${name}"]`).className = look;
}

/** What a person at the printer would say, the worst first. */
function says(state) {
  if (state.faults.includes("vanish")) return ["The device is gone from its address.", true];
  if (state.power === "cycling") return ["Switched off, coming back.", true];
  if (state.power === "off") return ["Switched off.", true];
  if (state.error === "unrecoverable") return ["Unrecoverable error: only switching it off and on helps.", true];
  if (state.error === "recoverable") return ["Paper jam: repair it, or the host tells it to go on.", true];
  if (state.error === "cutter") return ["The cutter is stuck.", true];
  if (state.cover === "open") return ["The cover is open.", true];
  if (state.paper === "out") return ["Out of paper.", true];
  if (state.faults.includes("busy")) return ["Busy with another host: connections get no answer.", true];
  if (state.faults.includes("black_hole_at_byte")) return ["The line swallows everything, or soon will.", true];
  if (state.buffered > 0 || state.slot_rows > 0) return ["Printing.", false];
  if (state.paper === "near_end") return ["Ready. The roll is nearly used up.", false];
  return [state.connected ? "Ready, a host is connected." : "Ready, no host is connected.", false];
}

function figure(id, text, alarm) {
  find(id).textContent = text;
  find(id).parentElement.classList.toggle("alarm", Boolean(alarm));
}

function show(state) {
  find("address").textContent = state.address ?? "no address";
  find("model").textContent = { escpos: "ESC/POS printer", star: "Star Line Mode printer", zpl: "ZPL label printer" }[state.language];
  light("power", state.power === "on" ? "good" : state.power === "cycling" ? "warn" : "");
  light("online", state.online ? "good" : "");
  light("paper", { ok: "good", near_end: "warn", out: "bad" }[state.paper]);
  light("error", state.error !== "none" || state.cover === "open" ? "bad" : "");
  light("link", state.connected ? "good" : "");
  find("body").classList.toggle("open", state.cover === "open");
  find("drawer").hidden = state.language === "zpl";
  find("drawer").classList.toggle("open", state.drawer === "open");
  document.querySelector("#front em").textContent = `Drawer ${state.drawer}`;
  const [words, bad] = says(state);
  find("says").textContent = words;
  find("says").className = bad ? "bad" : "";
  figure("bytes", state.bytes.toLocaleString());
  figure("buffered", state.buffered.toLocaleString());
  figure("overrun", state.overrun.toLocaleString(), state.overrun > 0);
  figure("printed", `${(state.printed_mm / 1000).toFixed(2)} m`);
  figure("roll", `${(state.paper_left_mm / 1000).toFixed(1)} m`, state.paper !== "ok");
  figure("cuts", state.cuts);
  figure("pulses", state.pulses);
  figure("unknown", state.unknown_commands, state.unknown_commands > 0);
  for (const button of document.querySelectorAll("[data-fault]")) {
    if (button.dataset.order === undefined) button.setAttribute("aria-pressed", state.faults.includes(button.dataset.fault));
  }
  slot(state);
  papers(state);
  if (last) {
    if (state.pulses > last.pulses) sounds.drawer();
    if (bad && !says(last)[1]) sounds.error();
  }
  last = state;
}

/** The paper that is coming out. */
function slot(state) {
  const image = find("slot");
  if (state.slot_rows === slotRows) return;
  if (state.slot_rows > slotRows) sounds.print();
  slotRows = state.slot_rows;
  image.hidden = slotRows === 0;
  if (slotRows > 0) image.src = `/slot.png?${slotRows}-${state.bytes}`;
}

function papers(state) {
  const label = state.language === "zpl";
  find("count").textContent = state.papers ? `${state.papers}` : "";
  for (const number of [...state.latest].reverse()) {
    if (shown.has(number)) continue;
    shown.add(number);
    find("nothing")?.remove();
    if (!first) sounds.cut();
    const paper = document.createElement("figure");
    paper.className = `${label ? "label" : ""} ${first ? "" : "fresh"}`;
    const sheet = document.createElement("a");
    sheet.className = "sheet";
    sheet.href = `/papers/${number}.png`;
    const image = document.createElement("img");
    image.src = sheet.href;
    image.alt = `paper ${number}`;
    sheet.append(image);
    const caption = document.createElement("figcaption");
    const name = document.createElement("b");
    name.textContent = number;
    caption.append(name);
    for (const [kind, word] of [["txt", "text"], ["jsonl", "events"], ["bin", "bytes"]]) {
      const link = document.createElement("a");
      link.href = `/papers/${number}.${kind}`;
      link.textContent = word;
      caption.append(link);
    }
    paper.append(sheet, caption);
    find("papers").prepend(paper);
  }
  first = false;
}

// ---- orders -------------------------------------------------------------------------------------------------

async function ask(order) {
  const options = order ? { method: "POST", body: JSON.stringify(order) } : { headers: { accept: "application/json" } };
  try {
    const response = await fetch("/state", options);
    const body = await response.json();
    if (order) find("answer").textContent = response.ok ? "" : body.error;
    if (response.ok) show(body);
  } catch {
    find("says").textContent = "The virtual printer has ended.";
    find("says").className = "bad";
  }
}

/** What the button orders: off when it is on, else the value beside it. */
function value(button) {
  if (button.dataset.order) return JSON.parse(button.dataset.order);
  if (button.getAttribute("aria-pressed") === "true" && button.dataset.always === undefined) return false;
  const input = button.parentElement.querySelector("input");
  if (!input || input.value === "") return true;
  if (input.type === "number" || /^\d+$/.test(input.value)) return Number(input.value);
  return input.value;
}

find("faults").addEventListener("click", (event) => {
  const button = event.target.closest("[data-fault]");
  if (button) ask({ fault: button.dataset.fault, value: value(button) });
});
find("repair").addEventListener("click", () => ask({ fault: "none" }));
find("drawer").addEventListener("click", () => ask({ fault: "drawer", value: last?.drawer !== "open" }));

async function watch() {
  await ask();
  setTimeout(watch, document.hidden ? 2000 : 400);
}
watch();
