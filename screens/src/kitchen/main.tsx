import { PrinterBanner } from "../printers/PrinterBanner";
import { useStore } from "../state/store";
import { boot } from "../ui/boot";
import { Board } from "./Board";
import { KitchenBar } from "./KitchenBar";
import { station } from "./station";
import "./kitchen.css";
import "./card.css";

boot({
  title: "page.kitchen",
  Page: Board,
  Bar: KitchenBar,
  Banner: () => <PrinterBanner station={useStore(station)} />,
  wants: () => ({ needs: ["kitchen"], likes: ["notifications"] }),
});
