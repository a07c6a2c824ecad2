import { useStore } from "./store";
import { writes, type Write } from "./write";

/** What became of the last write for a subject: under way, refused, unanswered, or nothing to tell. */
export function useWrite(subject: string): Write | undefined {
  return useStore(writes, (now) => now.get(subject));
}
