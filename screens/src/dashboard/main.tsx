// The manager's page, served by the replica in the cloud: what all boxes of the location say, and what may be
// changed from afar: prices, availability, limits.
import { useEffect } from "preact/hooks";
import { latestOrders } from "../api/calls";
import { may } from "../api/session";
import { learnOrder } from "../live/learn";
import { boot } from "../ui/boot";
import { MenuTable } from "./MenuTable";
import { Orders } from "./Orders";
import { Score } from "../safety/Score";
import { Units } from "./Units";
import "../haccp/tile.css";
import "../safety/score.css";
import "./dashboard.css";

const FIRST_ORDERS = 50;

function Dashboard() {
  useEffect(() => {
    // The feed tells of open orders; the day's closed ones are asked for once. Without an answer they are left out.
    latestOrders(FIRST_ORDERS).then(
      ({ orders }) => orders.forEach(learnOrder),
      () => undefined,
    );
  }, []);
  return (
    <main class="dashboard">
      {may("haccp.read") && (
        <a class="dash-score" href={`${import.meta.env.BASE_URL}safety/#records`}>
          <Score />
        </a>
      )}
      <Orders />
      <Units />
      <MenuTable />
    </main>
  );
}

boot({ title: "page.dashboard", Page: Dashboard, wants: () => ({ needs: ["pos", "admin"], likes: ["notifications"] }) });
