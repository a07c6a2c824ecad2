// Two short tones, again and again while a new ticket waits.
import { repeater, tone } from "../ui/sound";
import { unseen } from "./acknowledge";

const REPEAT_MS = 2_400;

function ring(): void {
  tone(880, 0, 0.22);
  tone(1320, 0.18, 0.34);
}

const repeat = repeater(ring, REPEAT_MS);

unseen.subscribe(() => repeat(unseen.get().size > 0));
