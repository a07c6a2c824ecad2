// Without an approved plan nothing says what is to be checked, and by which limit.
import { t } from "../i18n";
import { chooseFragment } from "../state/fragment";
import { Icon } from "../ui/icons";

export function NoPlan() {
  return (
    <div class="empty" data-testid="no-plan">
      <Icon name="note" />
      <p>{t("plan.none")}</p>
      <button type="button" class="primary" onClick={() => chooseFragment("plan")}>
        {t("plan.toPlan")}
      </button>
    </div>
  );
}
