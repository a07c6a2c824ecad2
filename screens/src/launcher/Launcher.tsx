// The first page: one large tile for each screen that this person may use.
import { mayOne } from "../api/session";
import { t, type TextKey } from "../i18n";
import { MAY_EDIT_LAYOUTS, MAY_REPRINT, MAY_SEE_PRINTERS } from "../printers/permissions";
import { settings } from "../state/settings";
import { useStore } from "../state/store";
import { Icon, type IconName } from "../ui/icons";
import "./launcher.css";

interface Tile {
  href: string;
  icon: IconName;
  title: TextKey;
  text: TextKey;
  /** One of these is enough. */
  permissions: string[];
  /** Where the page is at home; on the other kind it is left out. */
  at: "box" | "dashboard" | "both";
}

const TILES: Tile[] = [
  { href: "pos/", icon: "bag", title: "page.pos", text: "home.pos", permissions: ["orders.create"], at: "box" },
  { href: "kitchen/", icon: "flame", title: "page.kitchen", text: "home.kitchen", permissions: ["kitchen.read"], at: "box" },
  { href: "labels/", icon: "note", title: "page.labels", text: "home.labels", permissions: MAY_REPRINT, at: "box" },
  { href: "haccp/", icon: "thermometer", title: "page.haccp", text: "home.haccp", permissions: ["haccp.read"], at: "both" },
  { href: "safety/", icon: "check", title: "page.safety", text: "home.safety", permissions: ["haccp.read"], at: "both" },
  { href: "alerts/", icon: "bell", title: "page.alerts", text: "home.alerts", permissions: ["alerts.read"], at: "both" },
  { href: "dashboard/", icon: "chart", title: "page.dashboard", text: "home.dashboard", permissions: ["menu.write"], at: "both" },
  { href: "printers/", icon: "printer", title: "page.printers", text: "home.printers", permissions: MAY_SEE_PRINTERS, at: "box" },
  { href: "layouts/", icon: "layout", title: "page.layouts", text: "home.layouts", permissions: MAY_EDIT_LAYOUTS, at: "box" },
  { href: "status/", icon: "box", title: "page.status", text: "home.status", permissions: ["box.read"], at: "box" },
];

export function Launcher() {
  const kind = useStore(settings, (now) => now?.kind ?? "box");
  const place = useStore(settings);
  const tiles = TILES.filter((tile) => mayOne(tile.permissions) && (tile.at === "both" || tile.at === kind));
  return (
    <main class="launcher">
      <div class="launcher-head">
        <h2>{place?.locationName ?? "Trivet"}</h2>
        <p>{place?.organizationName}</p>
      </div>
      <ul class="tiles">
        {tiles.map((tile) => (
          <li key={tile.href}>
            <a class="tile" href={tile.href}>
              <span class="tile-icon">
                <Icon name={tile.icon} />
              </span>
              <strong>{t(tile.title)}</strong>
              <span>{t(tile.text)}</span>
            </a>
          </li>
        ))}
      </ul>
      {tiles.length === 0 && <p class="empty">{t("home.nothing")}</p>}
    </main>
  );
}
