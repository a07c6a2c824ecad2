// A list of food safety as it stands: asked for when the page opens, again when the feed says that it has changed, and
// now and then in any case.
import { useEffect } from "preact/hooks";
import { picture } from "../live/live";
import type { SafetyList } from "../live/picture";
import { usePoll, type Poll } from "../state/poll";
import { useStore } from "../state/store";

const EVERY_MS = 30_000;

export function useFollow<T>(lists: readonly SafetyList[], ask: () => Promise<T>, onAnswer?: (value: T) => void): Poll<T> {
  const poll = usePoll(ask, { everyMs: EVERY_MS, onAnswer });
  const changes = useStore(picture, (now) => lists.reduce((sum, list) => sum + now.safety[list], 0));
  useEffect(() => {
    if (poll.value !== null) poll.again();
  }, [changes]);
  return poll;
}
