"use strict";

const find = (id) => document.getElementById(id);

function show(state) {
  find("shown").textContent = state.shown;
  find("unit").textContent = state.faults.includes("power_off") ? "" : state.unit;
  find("address").textContent = state.faults.includes("unplug") ? "unplugged" : state.address;
  find("model").textContent = { "toledo-8217": "Scale, Toledo 8217", cas: "Scale, CAS" }[state.protocol];
  const signs = { stable: state.stable, zero: state.at_zero, net: state.tare_g !== 0, over: state.over_capacity };
  for (const sign of document.querySelectorAll("[data-sign]")) {
    sign.classList.toggle("on", signs[sign.dataset.sign] && !state.faults.includes("power_off"));
  }
  for (const button of document.querySelectorAll("#faults [data-fault]")) {
    button.setAttribute("aria-pressed", state.faults.includes(button.dataset.fault));
  }
  find("slide").max = state.capacity_g * 1.05;
  find("slide").step = state.division_g;
  for (const input of [find("grams"), find("slide")]) {
    if (document.activeElement !== input) input.value = state.weight_g;
  }
  find("load").style.height = `${Math.max(0, Math.min(1, state.weight_g / state.capacity_g)) ** 0.5 * 130}px`;
  find("says").textContent = `${state.requests} requests answered, ${state.unknown} unknown bytes`;
}

async function ask(order) {
  const options = order ? { method: "POST", body: JSON.stringify(order) } : {};
  try {
    const response = await fetch("/state", options);
    const body = await response.json();
    if (response.ok) show(body); else find("says").textContent = body.error;
  } catch {
    find("says").textContent = "The virtual scale has ended.";
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.id === "repair") ask({ fault: "none" });
  else if (button.dataset.grams) ask({ fault: "weight", value: Number(button.dataset.grams) });
  else if (button.dataset.order) ask({ fault: button.dataset.fault, value: JSON.parse(button.dataset.order) });
  else ask({ fault: button.dataset.fault, value: button.getAttribute("aria-pressed") !== "true" });
});
for (const input of [find("grams"), find("slide")]) {
  input.addEventListener("input", () => input.value !== "" && ask({ fault: "weight", value: Number(input.value) }));
}

async function watch() {
  await ask();
  setTimeout(watch, document.hidden ? 2000 : 300);
}
watch();
