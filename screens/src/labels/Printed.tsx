// What became of the labels that were printed from this page, by the printer's own word.
import { printJobs } from "../api/calls";
import { mayOne } from "../api/session";
import type { PrintJob } from "../api/types";
import { t, word } from "../i18n";
import { JOB_TONES } from "../printers/jobs";
import { MAY_SEE_PRINTERS } from "../printers/permissions";
import { printerName } from "../printers/trouble";
import { usePoll } from "../state/poll";
import { PollTrouble } from "../ui/Trouble";

const EVERY_MS = 2_000;

export function Printed({ jobs }: { jobs: readonly PrintJob[] }) {
  // Of all printers: somebody may move a label to another one.
  const queue = usePoll(() => printJobs(), { everyMs: EVERY_MS });
  const known = new Map((queue.value?.jobs ?? []).map((job) => [job.id, job]));
  return (
    <section class="label-jobs" data-testid="label-jobs">
      <h2>{t("labels.printed")}</h2>
      <PollTrouble poll={queue} />
      <ul>
        {jobs.map((queued) => (
          <Row key={queued.id} job={known.get(queued.id) ?? queued} />
        ))}
      </ul>
    </section>
  );
}

function Row({ job }: { job: PrintJob }) {
  return (
    <li data-testid={`label-job-${job.id}`} data-state={job.state}>
      <span class={`state ${JOB_TONES[job.state]}`}>{word("jobState", job.state)}</span>
      <span>
        <strong>{job.orderNumber}</strong>
        <small>
          {t(`jobState.${job.state}.more`)} {job.note}
        </small>
      </span>
      {mayOne(MAY_SEE_PRINTERS) && (
        <a class="button" href={`${import.meta.env.BASE_URL}printers/#${encodeURIComponent(job.printer)}`}>
          {printerName(job.printer)}
        </a>
      )}
    </li>
  );
}
