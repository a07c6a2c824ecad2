// The page's voice. Browsers keep a page silent until it has been touched once, so it says whether it can be heard.
import { createStore } from "../state/store";

export const audible = createStore<boolean>(false);

let context: AudioContext | null = null;

/** To be called from a touch or a key: only then may a page begin to sound. */
export function enableSound(): void {
  context ??= new AudioContext();
  void context.resume().then(noteState);
  context.onstatechange = noteState;
}

function noteState(): void {
  audible.set(context?.state === "running");
}

export function tone(hertz: number, startS: number, lengthS: number, wave: OscillatorType = "triangle"): void {
  if (context?.state !== "running") return;
  const at = context.currentTime + startS;
  const oscillator = context.createOscillator();
  const loudness = context.createGain();
  oscillator.type = wave;
  oscillator.frequency.value = hertz;
  loudness.gain.setValueAtTime(0, at);
  loudness.gain.linearRampToValueAtTime(0.5, at + 0.012);
  loudness.gain.exponentialRampToValueAtTime(0.001, at + lengthS);
  oscillator.connect(loudness).connect(context.destination);
  oscillator.start(at);
  oscillator.stop(at + lengthS);
}

/** Says something again and again for as long as it is wanted. */
export function repeater(ring: () => void, everyMs: number): (wanted: boolean) => void {
  let repeating = 0;
  return (wanted) => {
    if (wanted && repeating === 0) {
      ring();
      repeating = window.setInterval(ring, everyMs);
    } else if (!wanted && repeating !== 0) {
      clearInterval(repeating);
      repeating = 0;
    }
  };
}

window.addEventListener("pointerdown", enableSound, { capture: true });
window.addEventListener("keydown", enableSound, { capture: true });
