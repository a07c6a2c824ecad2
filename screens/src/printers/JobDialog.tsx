// One print job: its paper as a picture, how it stands, and what a person may do with it.
import { useState } from "preact/hooks";
import { jobPicture, stepJob } from "../api/calls";
import { mayOne } from "../api/session";
import type { PrintJob, Printer } from "../api/types";
import { t, word, type TextKey } from "../i18n";
import { boxNow } from "../live/pulse";
import { forget } from "../state/write";
import { Dialog } from "../ui/Dialog";
import { moment } from "../ui/format";
import { ReasonDialog } from "../ui/ReasonDialog";
import { JOB_TONES, stepsOf, type Step } from "./jobs";
import { PaperPicture } from "./PaperPicture";
import { MAY_REPRINT, MAY_WORK_QUEUES } from "./permissions";
import { PrinterChoice } from "./PrinterChoice";
import { jobName } from "./Queue";
import { useStationNames } from "./stations";

interface JobDialogProps {
  job: PrintJob;
  /** Where it could be moved to. */
  others: readonly Printer[];
  onDone: () => void;
  onClose: () => void;
}

export function JobDialog({ job, others, onDone, onClose }: JobDialogProps) {
  const [step, setStep] = useState<Step | null>(null);
  const steps = stepsOf(job, others.length).filter((each) => mayOne(each === "reprint" ? MAY_REPRINT : MAY_WORK_QUEUES));
  return (
    <>
      <Dialog title={jobName(job)} onClose={onClose} wide>
        <div class="job-view">
          <PaperPicture load={() => jobPicture(job.id)} label={t("job.paper")} />
          <div class="job-side">
            <p>
              <span class={`state ${JOB_TONES[job.state]}`} data-testid="job-state" data-state={job.state}>
                {word("jobState", job.state)}
              </span>
            </p>
            <p>{t(`jobState.${job.state}.more` as TextKey)}</p>
            {job.note && <p class="job-note">{job.note}</p>}
            <JobFacts job={job} />
            {steps.map((each, i) => (
              <button
                key={each}
                type="button"
                class={i === 0 ? "primary" : ""}
                data-testid={`job-${each}`}
                onClick={() => setStep(each)}
              >
                {t(`job.${each}`)}
              </button>
            ))}
          </div>
        </div>
      </Dialog>
      {step && (
        <StepDialog
          job={job}
          step={step}
          others={others}
          onDone={() => {
            onDone();
            onClose();
          }}
          onClose={() => setStep(null)}
        />
      )}
    </>
  );
}

function JobFacts({ job }: { job: PrintJob }) {
  const names = useStationNames();
  const facts: [string, string][] = [
    [t("job.kind"), word("jobKind", job.kind)],
    ...(job.station ? [[t("kitchen.station"), names([job.station])] as [string, string]] : []),
    [t("job.printer"), job.printer],
    [t("job.made"), moment(job.createdAt, boxNow())],
    [t("job.attempts"), String(job.attempts)],
    // What somebody did with it, and why.
    ...job.actions.map(({ action, reason, by, at }): [string, string] => [
      t(`job.${action}` as TextKey),
      [reason, by, moment(at, boxNow())].filter(Boolean).join(" · "),
    ]),
  ];
  return (
    <dl class="facts">
      {facts.map(([name, text]) => (
        <div key={name + text}>
          <dt>{name}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}

const REASONS: Record<Step, TextKey[]> = {
  release: ["why.repaired", "why.wanted", "why.looked"],
  cancel: ["why.read", "why.made", "why.changed", "why.wrong"],
  move: ["why.broken", "why.noPaper", "why.closed"],
  reprint: ["why.lost", "why.unreadable", "why.guest"],
};

interface StepDialogProps extends JobDialogProps {
  step: Step;
}

function StepDialog({ job, step, others, onDone, onClose }: StepDialogProps) {
  const [to, setTo] = useState<string | null>(others.length === 1 ? others[0]!.name : null);
  const subject = `${step}:${job.id}`;
  return (
    <ReasonDialog
      title={`${t(`job.${step}`)} · ${jobName(job)}`}
      confirm={step === "move" && to !== null ? t("job.moveTo", { printer: to }) : t(`job.${step}`)}
      presets={REASONS[step].map((key) => t(key))}
      subject={subject}
      ready={step !== "move" || to !== null}
      send={(reason, key) => stepJob(job.id, { step, reason, ...(step === "move" && to !== null && { printer: to }) }, key)}
      onDone={onDone}
      onClose={onClose}
    >
      {step === "move" && (
        <PrinterChoice
          label={t("job.where")}
          printers={others}
          chosen={to}
          onChoose={(name) => {
            // Another printer is another command.
            forget(subject);
            setTo(name);
          }}
        />
      )}
    </ReasonDialog>
  );
}
