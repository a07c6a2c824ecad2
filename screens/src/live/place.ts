// How far this screen has read, so that a new connection goes on from there.
//
// One arrival number may come as several frames (an order and its ticket), so a number counts as read only
// when a later one has come: a repeat does no harm, a gap would. Until every namespace has had its snapshot
// there is no place to go on from.
import { isSnapshot, type Frame, type Namespace, type Place } from "./frame";

export class ReadPlace {
  private epoch: string | null = null;
  private newest = 0;
  private complete = 0;
  private missing: Set<Namespace>;

  constructor(private readonly namespaces: readonly Namespace[]) {
    this.missing = new Set(namespaces);
  }

  note(frame: Frame): void {
    if (frame.ns === "live") return;
    if (frame.epoch !== this.epoch) this.startOver(frame.epoch, frame.n);
    if (isSnapshot(frame)) this.missing.delete(frame.ns);
    if (frame.n > this.newest) {
      this.complete = this.newest;
      this.newest = frame.n;
    }
  }

  resumeFrom(): Place | null {
    return this.epoch !== null && this.missing.size === 0 ? { epoch: this.epoch, n: this.complete } : null;
  }

  private startOver(epoch: string, n: number): void {
    this.epoch = epoch;
    this.missing = new Set(this.namespaces);
    this.newest = n;
    this.complete = n > 0 ? n - 1 : 0;
  }
}
