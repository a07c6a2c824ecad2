// Food safety: what is due, what cools and what stands out, what went wrong and what was done about it, the calibrations,
// the plan, the report, our own sensors. Which of them is open is in the address: `#records/<id>`.
import { t, type TextKey } from "../i18n";
import { fragment, chooseFragment } from "../state/fragment";
import { useStore } from "../state/store";
import { CalibrationPage } from "./CalibrationPage";
import { ChecksPage } from "./ChecksPage";
import { FoodPage } from "./FoodPage";
import { PlanPage } from "./PlanPage";
import { RecordsPage } from "./RecordsPage";
import { ReportPage } from "./ReportPage";
import { SensorsPage } from "./SensorsPage";

const PAGES = {
  checks: ChecksPage,
  food: FoodPage,
  records: RecordsPage,
  calibration: CalibrationPage,
  plan: PlanPage,
  report: ReportPage,
  sensors: SensorsPage,
} as const;

type Tab = keyof typeof PAGES;
const TABS = Object.keys(PAGES) as Tab[];

/** Where one is on a tab: `["<id>"]`, `["new", "<breach>"]`. */
export interface TabProps {
  path: readonly string[];
  go: (...path: string[]) => void;
}

export function SafetyPage() {
  const [first = "", ...path] = (useStore(fragment) ?? "").split("/");
  const tab = TABS.find((one) => one === first) ?? "checks";
  const Page = PAGES[tab];
  return (
    <main class="safety">
      <nav class="safety-tabs" aria-label={t("page.safety")}>
        {TABS.map((one) => (
          <button key={one} type="button" aria-pressed={one === tab} data-testid={`tab-${one}`} onClick={() => chooseFragment(one)}>
            {t(`safety.tab.${one}` as TextKey)}
          </button>
        ))}
      </nav>
      <div class="safety-body">
        <Page key={tab} path={path} go={(...parts) => chooseFragment([tab, ...parts].join("/"))} />
      </div>
    </main>
  );
}
