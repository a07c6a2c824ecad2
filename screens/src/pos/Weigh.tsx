// A line that is sold by weight: what lies on the pan now, and with which scale the box weighs it. The box reads the
// weight as it takes the order, so the goods must still lie there.
import { useState } from "preact/hooks";
import { scales as askScales } from "../api/calls";
import type { ScaleView } from "../api/types";
import { t, type TextKey } from "../i18n";
import { usePoll } from "../state/poll";
import { useStore } from "../state/store";
import { decimal } from "../ui/format";
import { Icon } from "../ui/icons";
import { PollTrouble } from "../ui/Trouble";
import { draft, weighedBy, type DraftLine } from "./draft";

/** Whether there is a scale at all. */
const THERE_EVERY_MS = 30_000;
/** About as often as the box asks the scale. */
const PAN_EVERY_MS = 400;

/** The box's words for a pan without a weight. */
const WHY: [RegExp, TextKey][] = [
  [/not at rest/, "scale.moving"],
  [/nothing lies/, "scale.empty"],
  [/does not answer/, "scale.silent"],
  [/too heavy/, "scale.over"],
  [/below zero/, "scale.under"],
];

export interface WeighProps {
  line: DraftLine;
  onChange: (line: DraftLine) => void;
}

export function Weigh({ line, onChange }: WeighProps) {
  const there = usePoll(askScales, { everyMs: THERE_EVERY_MS });
  const [weighing, setWeighing] = useState(false);
  const { weighed, ...byPiece } = line;
  if (weighed) {
    return (
      <>
        <div class="dialog-row">
          <span data-testid="line-weighed">
            {t("pos.weighed", { name: weighed.scale })} · {kilograms(weighed.grams)}
          </span>
          <button type="button" data-testid="by-piece" onClick={() => onChange(byPiece)}>
            {t("pos.byPiece")}
          </button>
        </div>
        <p class="message warn">{t("pos.stayOnPan")}</p>
      </>
    );
  }
  if ((there.value?.scales.length ?? 0) === 0) return <PollTrouble poll={there} />;
  if (!weighing) {
    return (
      <button type="button" class="big" data-testid="weigh" onClick={() => setWeighing(true)}>
        {t("pos.weigh")}
      </button>
    );
  }
  return (
    <Pans
      line={line}
      onTake={(scale, grams) => {
        onChange({ ...line, quantity: 1, weighed: { scale, grams } });
        setWeighing(false);
      }}
    />
  );
}

function Pans({ line, onTake }: { line: DraftLine; onTake: (scale: string, grams: number) => void }) {
  const pans = usePoll(askScales, { everyMs: PAN_EVERY_MS });
  const now = useStore(draft);
  return (
    <div class="pans">
      <PollTrouble poll={pans} />
      {(pans.value?.scales ?? []).map((scale) => (
        // A weight that nobody renews is none.
        <Pan key={scale.name} scale={pans.lost ? { ...scale, grams: null } : scale} other={weighedBy(now, scale.name, line.id)} onTake={onTake} />
      ))}
      <p class="soft">{t("pos.stayOnPan")}</p>
    </div>
  );
}

interface PanProps {
  scale: ScaleView;
  other: DraftLine | undefined;
  onTake: (scale: string, grams: number) => void;
}

function Pan({ scale: { name, grams, detail }, other, onTake }: PanProps) {
  const why = WHY.find(([pattern]) => pattern.test(detail))?.[1];
  return (
    <div class="pan" data-testid={`scale-${name}`} data-grams={grams ?? ""}>
      <span>
        {name}
        <output>{grams == null ? "– –" : kilograms(grams)}</output>
        <small>{grams == null ? (why ? t(why) : detail) : t("scale.rest")}</small>
      </span>
      <button type="button" class="primary big" disabled={grams == null || other !== undefined} data-testid={`take-${name}`} onClick={() => grams != null && onTake(name, grams)}>
        <Icon name="check" />
        {t("pos.takeWeight")}
      </button>
      {other && <p class="message warn">{t("pos.panTaken", { name: other.name })}</p>}
    </div>
  );
}

const kilograms = (grams: number) => `${decimal(grams, 3)} kg`;
