import { boot } from "../ui/boot";
import { SafetyPage } from "./SafetyPage";
import "./parts.css";
import "./safety.css";
import "./reports.css";
import "./score.css";
import "./sensors.css";

boot({ title: "page.safety", Page: SafetyPage, wants: () => ({ needs: ["admin"], likes: ["notifications", "pos"] }) });
