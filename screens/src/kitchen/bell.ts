// Two short tones, again and again while a new ticket waits. Browsers keep a page silent until it has been
// touched once, so the bell says whether it can be heard.
import { createStore } from "../state/store";
import { unseen } from "./acknowledge";

const REPEAT_MS = 2_400;

export const audible = createStore<boolean>(false);

let context: AudioContext | null = null;
let repeating = 0;

/** To be called from a touch or a key: only then may a page begin to sound. */
export function enableSound(): void {
  context ??= new AudioContext();
  void context.resume().then(noteState);
  context.onstatechange = noteState;
}

function noteState(): void {
  audible.set(context?.state === "running");
}

function tone(hertz: number, startS: number, lengthS: number): void {
  if (context?.state !== "running") return;
  const at = context.currentTime + startS;
  const oscillator = context.createOscillator();
  const loudness = context.createGain();
  oscillator.type = "triangle";
  oscillator.frequency.value = hertz;
  loudness.gain.setValueAtTime(0, at);
  loudness.gain.linearRampToValueAtTime(0.5, at + 0.012);
  loudness.gain.exponentialRampToValueAtTime(0.001, at + lengthS);
  oscillator.connect(loudness).connect(context.destination);
  oscillator.start(at);
  oscillator.stop(at + lengthS);
}

function ring(): void {
  tone(880, 0, 0.22);
  tone(1320, 0.18, 0.34);
}

function follow(): void {
  const wanted = unseen.get().size > 0;
  if (wanted && repeating === 0) {
    ring();
    repeating = window.setInterval(ring, REPEAT_MS);
  } else if (!wanted && repeating !== 0) {
    clearInterval(repeating);
    repeating = 0;
  }
}

unseen.subscribe(follow);
window.addEventListener("pointerdown", enableSound, { capture: true });
window.addEventListener("keydown", enableSound, { capture: true });
