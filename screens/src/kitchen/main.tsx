import { boot } from "../ui/boot";
import { Board } from "./Board";
import { KitchenBar } from "./KitchenBar";
import "./kitchen.css";
import "./card.css";

boot({ title: "page.kitchen", Page: Board, Bar: KitchenBar, wants: () => ({ needs: ["kitchen"], likes: ["notifications"] }) });
