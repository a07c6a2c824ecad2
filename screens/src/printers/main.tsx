import { boot } from "../ui/boot";
import { PrintersPage } from "./PrintersPage";
import "./printers.css";

// The kitchen's feed tells of the printers too, and whoever may see this page may hear it.
boot({ title: "page.printers", Page: PrintersPage, wants: () => ({ needs: ["kitchen"], likes: ["notifications"] }) });
