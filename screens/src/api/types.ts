// The one place where the code meets the generated API types.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type LoginAnswer = Schemas["LoginAnswer"];
export type Person = Schemas["Person"];
export type Settings = Schemas["Settings"];
export type Station = Schemas["Station"];
export type MenuItem = Schemas["MenuItem"];
export type Modifier = Schemas["Modifier"];
export type FieldConflict = Schemas["FieldConflict"];
export type Order = Schemas["Order"];
export type OrderLine = Schemas["OrderLine"];
export type OrderList = Schemas["OrderList"];
export type Ticket = Schemas["Ticket"];
export type TicketItem = Schemas["TicketItem"];
export type SentToKitchen = Schemas["SentToKitchen"];
export type Probe = Schemas["Probe"];
export type ProbeBreach = Schemas["ProbeBreach"];
export type History = Schemas["History"];
export type HistoryPoint = Schemas["HistoryPoint"];
export type Breach = Schemas["Breach"];
export type Alert = Schemas["Alert"];
export type AlertList = Schemas["AlertList"];
export type AlertWord = Schemas["AlertWord"];
export type AlertRouting = Schemas["AlertRouting"];
export type NotificationList = Schemas["NotificationList"];

/** The generated type calls its value an object. */
export interface AlertParameter {
  kind: string;
  value: unknown;
}

export type MenuHold = Schemas["MenuHold"];
export type PlanState = Schemas["PlanState"];
export type PlanApproval = Schemas["PlanApproval"];
export type PlanPreset = Schemas["PlanPreset"];
export type DueCheck = Schemas["DueCheck"];
export type SafetyCheck = Schemas["SafetyCheck"];
export type CheckList = Schemas["CheckList"];
export type NewCheck = Schemas["NewCheck"];
export type CheckCorrection = Schemas["CheckCorrection"];
/** What somebody answers to a check, whichever it is. */
export type CheckAnswered = Omit<NewCheck, "check" | "dueAt">;
export type SafetyLimit = Schemas["LimitRule"];
export type CoolingRun = Schemas["CoolingRun"];
export type NewCooling = Schemas["NewCooling"];
export type FoodTimer = Schemas["FoodTimer"];
export type NewTimer = Schemas["NewTimer"];
export type Calibration = Schemas["Calibration"];
export type CalibrationState = Schemas["CalibrationState"];
export type NewCalibration = Schemas["NewCalibration"];
export type ComplianceRecord = Schemas["ComplianceRecord"];
export type Somebody = Schemas["Somebody"];
export type CorrectiveAction = Schemas["CorrectiveAction"];
export type NewRecord = Schemas["NewRecord"];
export type NewAction = Schemas["NewAction"];
export type SafetyReview = Schemas["SafetyReview"];
export type ReportFile = Schemas["ReportFile"];
export type SavedReport = Schemas["SavedReport"] & { fields: string[]; filters: ReportFilter[] };
export type Compliance = Schemas["Compliance"];
export type Share = Schemas["Share"];
export type Discovered = Schemas["Discovered"];
export type WiredInput = Schemas["WiredInput"];
export type DiscoveredDevice = Schemas["DiscoveredDevice"];
export type Equipment = Schemas["Equipment"];

export type SensorLive = Schemas["SensorLive"];
export type SensorUpdateProgress = Schemas["SensorUpdateProgress"];
export type SensorUpdate = Schemas["SensorUpdate"];
export type Sensor = Schemas["Sensor"];
export type Sensors = Schemas["Sensors"];
export type FirmwareImage = Schemas["FirmwareImage"];
export type FirmwareImages = Schemas["FirmwareImages"];
export type SensorTold = Schemas["SensorTold"];
export type ScaleList = Schemas["ScaleList"];
export type ScaleView = Schemas["ScaleView"];
export type WantedLabel = Schemas["WantedLabel"];

export type BoxStatus = Schemas["BoxStatus"];
export type Problem = Schemas["Problem"];

export type OrderType = "dine_in" | "takeout" | "delivery";

export interface NewOrderLine {
  menuItemId: string;
  /** Left out where a scale is named: the box reads the weight as it takes the order. */
  quantity?: number;
  scale?: string;
  modifications?: string[];
  specialInstructions?: string;
}

/** The body of `POST /pos/orders`. */
export interface NewOrder {
  orderType: OrderType;
  items: NewOrderLine[];
  tableNumber?: string;
  specialInstructions?: string;
}

/** What the dashboard may change of a menu item: any subset. */
export type MenuPatch = Partial<
  Pick<MenuItem, "name" | "description" | "category" | "price" | "isAvailable" | "preparationTime" | "dietaryInfo">
>;

/** What may be changed of a probe: any subset. */
export interface ProbePatch {
  name?: string;
  unitKind?: string;
  minMilliC?: number | null;
  maxMilliC?: number | null;
  input?: string;
  details?: Record<string, string>;
  alarmDelaySeconds?: number | null;
  retired?: boolean;
  stores?: string[];
  holdBudget?: number | null;
}

/** Only lines whose cell is exactly this. */
export interface ReportFilter {
  /** `table.column`. */
  column: string;
  is: string;
}

/** A table of a report, to pick columns from. */
export interface ReportTable {
  section: string;
  title: string;
  columns: { id: string; head: string }[];
}

/** What is saved of a report; empty: all. */
export interface ReportBody {
  name: string;
  units: string[];
  sections: string[];
  scale: string;
  fields: string[];
  filters: ReportFilter[];
  every: string;
  keep: number;
}

/** What is left out of a piece of equipment stays; null takes a value away. */
export interface EquipmentPatch {
  name?: string;
  probeId?: string | null;
  nextMaintenance?: string | null;
  outOfService?: string | null;
}

/** What is left out of the routing stays. */
export interface RoutingPatch {
  sees: Record<string, Record<string, boolean>>;
  escalateAfterMinutes: (number | null)[];
}

export interface Printer {
  name: string;
  address: string;
  profile: string;
  language: "escpos" | "star" | "zpl";
  identity: string | null;
  stations: string[];
  /** The stations whose tickets it takes when their own printer can't. */
  backs: string[];
  /** It says "printed"; else only "sent" is known. */
  confirms: boolean;
  link: "up" | "busy" | "down" | "unknown";
  online: boolean | null;
  cover: "open" | "closed" | "unknown";
  paper: "ok" | "near_end" | "end" | "unknown";
  cutter: "ok" | "error" | "unknown";
  drawer: "open" | "closed" | "unknown";
  /** Its own words, or why it can't be reached. */
  detail: string;
  lastHeard: string | null;
  waiting: number;
  oldestAt: string | null;
  held: number;
}

export interface PrinterList {
  printers: Printer[];
}

export interface FoundDevice {
  address: string;
  kind: "usb" | "serial" | "network";
  identity: string | null;
  description: string;
  /** The printer that is set up at this address. */
  configured: string | null;
}

export interface FoundList {
  found: FoundDevice[];
}

export type PrintJobState = "queued" | "sending" | "sent" | "printed" | "in_doubt" | "held" | "cancelled";

export interface PrintJob {
  id: string;
  kind: "ticket" | "void" | "receipt" | "label" | "test";
  printer: string;
  station: string | null;
  orderNumber: string | null;
  state: PrintJobState;
  note: string;
  attempts: number;
  createdAt: string;
  copy: boolean;
  /** What people did with it, the latest last. */
  actions: { action: "release" | "cancel" | "move"; reason: string; by?: string | null; at: string }[];
}

export interface PrintJobList {
  jobs: PrintJob[];
}

export interface QueuedJob {
  job: PrintJob;
}

export type TestSheet = "test" | "alignment" | "code_pages";

export type LayoutId = "kitchen_ticket" | "void_slip" | "receipt" | "prep_label" | "haccp_label";

export type TextSize = "normal" | "tall" | "large" | "huge";
export type TextAlign = "left" | "centre" | "right";

/** What a paper is made of, from the top down. */
export type LayoutElement =
  | { kind: "logo" | "rule" | "taxes" | "totals" | "buzz" | "cut" }
  | { kind: "text"; text: string; size: TextSize; align: TextAlign; bold: boolean; reversed: boolean }
  | { kind: "columns"; left: string; right: string; size: TextSize; bold: boolean }
  | { kind: "feed"; lines: number }
  | { kind: "lines"; size: TextSize; prices: boolean; modifiers: boolean; notes: boolean }
  | { kind: "notes"; size: TextSize }
  | { kind: "qr"; data: string; module: number }
  | { kind: "barcode"; data: string; height: number };

export type ElementKind = LayoutElement["kind"];

/** What a text may name in braces. */
export interface LayoutField {
  name: string;
  description: string;
  example: string;
}

export interface Layout {
  id: LayoutId;
  name: string;
  elements: LayoutElement[];
  isDefault: boolean;
  fields: LayoutField[];
}

export interface LayoutList {
  layouts: Layout[];
}
