// Three low tones, again and again while something serious waits for somebody. Unlike the kitchen's bell, so that
// nobody takes it for a ticket.
import { picture } from "../live/live";
import { repeater, tone } from "../ui/sound";
import { isLoud } from "./alerts";

const REPEAT_MS = 4_000;

function ring(): void {
  for (const at of [0, 0.26, 0.52]) tone(440, at, 0.2, "square");
}

const repeat = repeater(ring, REPEAT_MS);

picture.subscribe(() => repeat([...picture.get().alerts.values()].some(isLoud)));
