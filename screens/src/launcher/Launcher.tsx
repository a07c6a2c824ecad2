// The first page: one large tile for each screen that this person may use.
import { may } from "../api/session";
import { t, type TextKey } from "../i18n";
import { settings } from "../state/settings";
import { useStore } from "../state/store";
import { Icon, type IconName } from "../ui/icons";
import "./launcher.css";

interface Tile {
  href: string;
  icon: IconName;
  title: TextKey;
  text: TextKey;
  permission: string;
  /** Where the page is at home; on the other kind it is left out. */
  at: "box" | "dashboard" | "both";
}

const TILES: Tile[] = [
  { href: "pos/", icon: "bag", title: "page.pos", text: "home.pos", permission: "orders.create", at: "box" },
  { href: "kitchen/", icon: "flame", title: "page.kitchen", text: "home.kitchen", permission: "kitchen.read", at: "box" },
  { href: "haccp/", icon: "thermometer", title: "page.haccp", text: "home.haccp", permission: "haccp.read", at: "both" },
  { href: "dashboard/", icon: "chart", title: "page.dashboard", text: "home.dashboard", permission: "menu.write", at: "both" },
  { href: "status/", icon: "box", title: "page.status", text: "home.status", permission: "box.read", at: "box" },
];

export function Launcher() {
  const kind = useStore(settings, (now) => now?.kind ?? "box");
  const place = useStore(settings);
  const tiles = TILES.filter((tile) => may(tile.permission) && (tile.at === "both" || tile.at === kind));
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
