import { boot } from "../ui/boot";
import { StatusPage } from "./StatusPage";
import "./status.css";

boot({ title: "page.status", Page: StatusPage });
