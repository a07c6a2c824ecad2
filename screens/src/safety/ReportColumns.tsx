// Which columns a section's tables show, and which of their lines. The box names the tables, in the language in which it
// writes the report.
import { reportTables } from "../api/safety";
import type { ReportTable } from "../api/types";
import { t, tn, word } from "../i18n";
import { usePoll } from "../state/poll";
import { Icon } from "../ui/icons";
import { PollTrouble } from "../ui/Trouble";
import { SECTIONS, shownOf, tablesOf, toggled, type Picks } from "./report";

const EVERY_MS = 60_000;

export interface ColumnsProps {
  picks: Picks;
  onChange: (change: Partial<Picks>) => void;
}

export function ReportColumns({ picks, onChange }: ColumnsProps) {
  const asked = usePoll(reportTables, { everyMs: EVERY_MS });
  const known = asked.value?.tables ?? [];
  const of = (section: string) => known.filter((table) => tablesOf(section).includes(table.section));
  return (
    <div class="report-columns">
      <PollTrouble poll={asked} />
      {asked.value === null && !asked.lost && !asked.refusal && <p class="soft">{t("loading")}</p>}
      {SECTIONS.filter((section) => picks.sections.has(section) && of(section).length > 0).map((section) => (
        <Section key={section} section={section} tables={of(section)} picks={picks} onChange={onChange} />
      ))}
    </div>
  );
}

interface SectionProps extends ColumnsProps {
  section: string;
  tables: readonly ReportTable[];
}

function Section({ section, tables, picks, onChange }: SectionProps) {
  const all = tables.map(columnsOf);
  const count = { n: all.reduce((sum, one) => sum + shownOf(one, picks.fields).length, 0), of: all.flat().length };
  const filters = picks.filters.filter(({ column }) => all.flat().includes(column)).length;
  return (
    <details data-testid={`columns-${section}`}>
      <summary>
        {word("section", section)}: {t("report.columns", count)}
        {filters > 0 && ` · ${tn("report.filters", filters)}`}
      </summary>
      {tables.map((table) => (
        <Table key={table.section} table={table} picks={picks} onChange={onChange} />
      ))}
    </details>
  );
}

const columnsOf = (table: ReportTable) => table.columns.map(({ id }) => `${table.section}.${id}`);

function Table({ table, picks, onChange }: ColumnsProps & { table: ReportTable }) {
  const all = columnsOf(table);
  const shown = shownOf(all, picks.fields);
  return (
    <fieldset>
      <legend>{table.title}</legend>
      <div class="column-ticks">
        {table.columns.map(({ id, head }, at) => {
          const column = all[at]!;
          const on = shown.includes(column);
          return (
            <label key={id} class="tick">
              {/* A table without a column is none: to leave it out is to leave out its section. */}
              <input
                type="checkbox"
                checked={on}
                disabled={on && shown.length === 1}
                data-testid={`column-${column}`}
                onChange={() => onChange({ fields: toggled(all, picks.fields, column) })}
              />
              {head}
            </label>
          );
        })}
      </div>
      <Filters table={table} picks={picks} onChange={onChange} />
    </fieldset>
  );
}

function Filters({ table, picks: { filters }, onChange }: ColumnsProps & { table: ReportTable }) {
  const heads = new Map(table.columns.map(({ id, head }) => [`${table.section}.${id}`, head]));
  const set = (at: number, is: string) => onChange({ filters: filters.map((filter, i) => (i === at ? { ...filter, is } : filter)) });
  return (
    <div class="column-filters">
      {filters.map(({ column, is }, at) => {
        const head = heads.get(column);
        if (head === undefined) return null;
        const wrong = is.includes(";");
        return (
          <div key={at} class="column-filter">
            <label class="field">
              <span>{t("report.onlyWhere", { column: head })}</span>
              <input value={is} placeholder={t("report.isEmpty")} aria-invalid={wrong} data-testid={`filter-${column}`} onInput={(event) => set(at, event.currentTarget.value)} />
            </label>
            <button type="button" class="quiet" aria-label={t("report.unfilter", { column: head })} onClick={() => onChange({ filters: filters.filter((_, i) => i !== at) })}>
              <Icon name="trash" />
            </button>
            {wrong && <p class="wrong">{t("report.noSemicolon")}</p>}
          </div>
        );
      })}
      <label class="field">
        <span>{t("report.only")}</span>
        <select
          value=""
          data-testid={`add-filter-${table.section}`}
          onChange={(event) => {
            const select = event.currentTarget;
            if (select.value !== "") onChange({ filters: [...filters, { column: select.value, is: "" }] });
            select.value = "";
          }}
        >
          <option value="">{t("report.chooseColumn")}</option>
          {[...heads].map(([column, head]) => (
            <option key={column} value={column}>
              {head}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}
