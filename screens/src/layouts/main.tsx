import { boot } from "../ui/boot";
import { LayoutsPage } from "./LayoutsPage";
import "./layouts.css";

// The kitchen's feed tells of the printers, which the preview chooses from.
boot({ title: "page.layouts", Page: LayoutsPage, wants: () => ({ needs: ["kitchen"], likes: ["notifications"] }) });
