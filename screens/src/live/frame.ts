// What comes over the live feed.

export type Namespace = "kitchen" | "pos" | "admin" | "notifications";

export interface Frame {
  ns: Namespace | "live";
  epoch: string;
  n: number;
  type: string;
  data: unknown;
}

export interface Heartbeat {
  /** Milliseconds since 1970, by the box's clock. */
  now: number;
  timeQuality: string;
}

export interface Place {
  epoch: string;
  n: number;
}

export function parseFrame(text: string): Frame | null {
  try {
    const frame = JSON.parse(text) as Frame;
    return typeof frame.type === "string" && typeof frame.ns === "string" ? frame : null;
  } catch {
    return null;
  }
}

export const isSnapshot = (frame: Frame) => frame.type === `${frame.ns}:status`;
