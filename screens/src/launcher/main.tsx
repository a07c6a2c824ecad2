import { boot } from "../ui/boot";
import { Launcher } from "./Launcher";

boot({ title: "page.home", Page: Launcher, wants: () => ({ needs: [], likes: ["notifications"] }) });
