import { boot } from "../ui/boot";
import { Monitor } from "./Monitor";
import "../safety/parts.css";
import "./haccp.css";
import "./tile.css";

boot({ title: "page.haccp", Page: Monitor, wants: () => ({ needs: ["admin"], likes: ["notifications", "pos"] }) });
