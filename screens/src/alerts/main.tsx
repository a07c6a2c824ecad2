import { boot } from "../ui/boot";
import { AlertsPage } from "./AlertsPage";
import "./alerts.css";
import "./equipment.css";

boot({ title: "page.alerts", Page: AlertsPage, wants: () => ({ needs: ["notifications"], likes: [] }) });
