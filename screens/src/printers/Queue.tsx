// A printer's jobs: what is not on paper yet, and what came out last. A tap shows the paper.
import { useEffect, useState } from "preact/hooks";
import { printJobs } from "../api/calls";
import type { PrintJob, Printer, PrintJobList } from "../api/types";
import { t, word } from "../i18n";
import { boxNow } from "../live/pulse";
import { usePoll, type Poll } from "../state/poll";
import { moment } from "../ui/format";
import { PollTrouble } from "../ui/Trouble";
import { JobDialog } from "./JobDialog";
import { isOpen, JOB_TONES } from "./jobs";
import { useStationNames } from "./stations";

const EVERY_MS = 2_000;
const DONE_SHOWN = 20;

/** Asked every 2 s, and at once when the feed says that the printer's queue is another. */
export function useQueue(printer: Printer): Poll<PrintJobList> {
  const poll = usePoll(() => printJobs(printer.name), { everyMs: EVERY_MS });
  useEffect(() => {
    // The first question is under way already.
    if (poll.value !== null) poll.again();
  }, [printer.waiting, printer.held, printer.oldestAt]);
  return poll;
}

interface QueueProps {
  queue: Poll<PrintJobList>;
  printer: Printer;
  printers: readonly Printer[];
}

export function Queue({ queue, printer, printers }: QueueProps) {
  const [shown, setShown] = useState<string | null>(null);
  const jobs = queue.value?.jobs ?? [];
  const waiting = jobs.filter(isOpen);
  const done = jobs.filter((job) => !isOpen(job)).slice(0, DONE_SHOWN);
  const job = jobs.find(({ id }) => id === shown);
  return (
    <>
      <PollTrouble poll={queue} />
      <Jobs title={t("queue.title")} jobs={waiting} onShow={setShown} testId="queue">
        {queue.value !== null ? t("printer.nothingWaits") : queue.refusal ? "" : t("loading")}
      </Jobs>
      {done.length > 0 && <Jobs title={t("queue.done")} jobs={done} onShow={setShown} testId="queue-done" />}
      {job && (
        <JobDialog
          key={job.id}
          job={job}
          others={printers.filter(({ name }) => name !== printer.name)}
          onDone={queue.again}
          onClose={() => setShown(null)}
        />
      )}
    </>
  );
}

interface JobsProps {
  title: string;
  jobs: PrintJob[];
  onShow: (id: string) => void;
  testId: string;
  /** What is said of none. */
  children?: string;
}

function Jobs({ title, jobs, onShow, testId, children }: JobsProps) {
  return (
    <section class="queue" data-testid={testId}>
      <h3>{title}</h3>
      <ul>
        {jobs.map((job) => (
          <JobRow key={job.id} job={job} onShow={onShow} />
        ))}
        {jobs.length === 0 && children && <li class="nothing">{children}</li>}
      </ul>
    </section>
  );
}

function JobRow({ job, onShow }: { job: PrintJob; onShow: (id: string) => void }) {
  const names = useStationNames();
  const more = [
    word("jobKind", job.kind),
    job.station && names([job.station]),
    moment(job.createdAt, boxNow()),
    job.copy && t("job.copy"),
  ].filter(Boolean);
  return (
    <li>
      <button
        type="button"
        class={`job ${JOB_TONES[job.state]}`}
        data-testid={`job-${job.id}`}
        data-state={job.state}
        onClick={() => onShow(job.id)}
      >
        <span class="job-what">
          <strong>{jobName(job)}</strong>
          <small>{more.join(" · ")}</small>
          {job.note && <small class="job-note">{job.note}</small>}
        </span>
        <span class={`state ${JOB_TONES[job.state]}`}>{word("jobState", job.state)}</span>
      </button>
    </li>
  );
}

/** An order's paper goes by its number, a label by what it says. */
export function jobName({ orderNumber, kind }: PrintJob): string {
  if (kind === "test" || !orderNumber) return word("jobKind", kind);
  return kind === "label" ? orderNumber : `#${orderNumber}`;
}
