// A plan as it reads: hazards, control points with their limits, checks, cooling, time control, calibration. Each limit
// says where it comes from and whether anybody has compared it with the rule's text.
import { t, word } from "../i18n";
import { clauseText, limitText, ruleText, type ControlPoint, type Plan, type Source } from "./plan";

export function PlanView({ plan }: { plan: Plan }) {
  return (
    <article class="plan" data-testid="plan">
      <header>
        <h2>{plan.name}</h2>
        <p>
          {plan.jurisdiction.code} · {plan.jurisdiction.edition}
        </p>
        {plan.jurisdiction.note && <p class="soft">{plan.jurisdiction.note}</p>}
      </header>
      <h3>{t("plan.hazards")}</h3>
      <ul class="plan-hazards">
        {plan.hazards.map((hazard) => (
          <li key={hazard.id}>
            <span class="state warn">{word("hazard", hazard.kind)}</span> {hazard.name}
          </li>
        ))}
      </ul>
      <h3>{t("plan.points")}</h3>
      <ul class="plan-points">
        {plan.controlPoints.map((point) => (
          <PointRow key={point.id} point={point} plan={plan} />
        ))}
      </ul>
      <h3>{t("plan.timed")}</h3>
      <table class="plan-limits">
        <tbody>
          {(plan.cooling ?? []).map((rule) => (
            <tr key={rule.id}>
              <th>{rule.name}</th>
              <td>{rule.stages.map(({ to, withinMinutes }) => t("food.stage", { limit: limitText(to), hours: withinMinutes / 60 })).join(", ")}</td>
              <td>
                <SourceText source={rule.source} />
              </td>
            </tr>
          ))}
          {(plan.timers ?? []).map((rule) => (
            <tr key={rule.id}>
              <th>{rule.name}</th>
              <td>{t("food.timerRule", { hours: rule.minutes / 60, from: rule.startsWithin.map(limitText).join(` ${t("or")} `) })}</td>
              <td>
                <SourceText source={rule.source} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {plan.timeProcedure && (
        <>
          <h3>{t("plan.procedure")}</h3>
          <p class="procedure" data-testid="time-procedure">
            {plan.timeProcedure}
          </p>
        </>
      )}
      <h3>{t("plan.checks")}</h3>
      <ul class="plan-list">
        {(plan.checks ?? []).map((check) => (
          <li key={check.id}>
            <strong>{check.name}</strong> ·{" "}
            {"times" in check.schedule ? check.schedule.times.at.join(", ") : t("checks.anyTime")} · {t("plan.grace", { n: check.graceMinutes })}
          </li>
        ))}
      </ul>
      {plan.calibration && (
        <p>
          {t("plan.calibration", {
            days: plan.calibration.everyDays,
            tolerance: plan.calibration.toleranceMilli / 1000,
            metres: plan.calibration.altitudeMetres ?? 0,
          })}
        </p>
      )}
      <ul class="plan-list">
        {(plan.verification ?? []).map((one) => (
          <li key={one.id}>
            {one.text} · {t("plan.everyDays", { n: one.everyDays })}
          </li>
        ))}
      </ul>
    </article>
  );
}

function PointRow({ point, plan }: { point: ControlPoint; plan: Plan }) {
  const hazards = plan.hazards.filter(({ id }) => point.hazards?.includes(id)).map(({ name }) => name);
  return (
    <li>
      <header>
        <strong>{point.name}</strong>
        <span class={point.kind === "ccp" ? "state bad" : "state"}>{point.kind.toUpperCase()}</span>
        <small>
          {word("step", point.step)}
          {(point.units?.length ?? 0) > 0 && ` · ${point.units!.map((unit) => word("unitKind", unit)).join(", ")}`}
        </small>
      </header>
      {hazards.length > 0 && <small class="soft">{hazards.join("; ")}</small>}
      <table class="plan-limits">
        <tbody>
          {(point.limits ?? []).map((rule) => (
            <tr key={rule.id}>
              <th>{rule.name}</th>
              <td>{ruleText(rule)}</td>
              <td>
                <SourceText source={rule.source} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {(point.corrective?.length ?? 0) > 0 && (
        <ul class="plan-list">
          {point.corrective!.map((choice) => (
            <li key={choice.id}>{choice.text}</li>
          ))}
        </ul>
      )}
    </li>
  );
}

function SourceText({ source }: { source: Source }) {
  const words = clauseText(source);
  return (
    <>
      {source.url?.startsWith("http") ? (
        <a href={source.url} target="_blank" rel="noreferrer">
          {words}
        </a>
      ) : (
        words
      )}{" "}
      <span class={source.confirmed ? "state ok" : "state warn"}>{t(source.confirmed ? "plan.confirmed" : "plan.unconfirmed")}</span>
    </>
  );
}
