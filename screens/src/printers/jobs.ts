// How a print job stands, and what a person may do with it. Pure; the server decides.
import type { JobStep } from "../api/calls";
import type { PrintJob, PrintJobState } from "../api/types";
import type { Tone } from "../ui/orders";

export const JOB_TONES: Record<PrintJobState, Tone> = {
  queued: "warn",
  sending: "accent",
  sent: "plain",
  printed: "ok",
  in_doubt: "bad",
  held: "bad",
  cancelled: "none",
};

const OPEN: PrintJobState[] = ["queued", "sending", "in_doubt", "held"];

export const isOpen = (job: PrintJob) => OPEN.includes(job.state);

export type Step = JobStep["step"];

/** What a person may do with a job that stands so, the likeliest first. */
const STEPS: Record<PrintJobState, readonly Step[]> = {
  held: ["release", "move", "cancel"],
  queued: ["move", "cancel"],
  in_doubt: ["move", "cancel"],
  sending: [],
  sent: ["reprint"],
  printed: ["reprint"],
  cancelled: ["reprint"],
};

export const stepsOf = (job: PrintJob, others: number): readonly Step[] =>
  STEPS[job.state].filter((step) => step !== "move" || others > 0);
