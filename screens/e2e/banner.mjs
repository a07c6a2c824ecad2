// For the benchmark `banner`: the kitchen's page, and when each alarm was painted on it, a JSON line each on the standard
// error. It ends with its input.
import { story } from "./house.mjs";

const say = (word) => console.error(JSON.stringify(word));

story("alarms are painted", async (scene) => {
  const page = await scene.open("cook", "kitchen/");
  await page.exposeFunction("painted", (alert, text, at) => say({ alert, text, at }));
  await page.evaluate(() => {
    const known = new Set();
    // A frame is painted after its callbacks: what is posted from one of them comes when that is done.
    const afterPaint = (then) =>
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = then;
        port2.postMessage(null);
      });
    const look = () => {
      for (const line of document.querySelectorAll('[data-testid="alert-banner"] [data-testid^="alert-"]')) {
        const alert = line.dataset.testid.slice("alert-".length);
        if (known.has(alert)) continue;
        known.add(alert);
        afterPaint(() => window.painted(alert, line.textContent, performance.timeOrigin + performance.now()));
      }
    };
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
    look();
  });
  say({ ready: true });
  await new Promise((end) => process.stdin.once("end", end).resume());
});
