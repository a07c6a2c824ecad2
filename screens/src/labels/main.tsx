import { PrinterBanner } from "../printers/PrinterBanner";
import { boot } from "../ui/boot";
import { LabelsPage } from "./LabelsPage";
import "./labels.css";

// The kitchen's feed tells of the printers.
boot({
  title: "page.labels",
  Page: LabelsPage,
  Banner: () => <PrinterBanner station="label" />,
  wants: () => ({ needs: ["kitchen"], likes: ["notifications"] }),
});
