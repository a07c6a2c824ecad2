// Every call of the API about food safety: plan, checks, cooling, timers, calibrations, records, reports.
import { ask } from "./client";
import type {
  Calibration,
  CalibrationState,
  CheckAnswered,
  CheckList,
  Compliance,
  ComplianceRecord,
  CoolingRun,
  Discovered,
  Equipment,
  EquipmentPatch,
  FirmwareImage,
  FirmwareImages,
  FoodTimer,
  NewAction,
  NewCalibration,
  NewCheck,
  NewCooling,
  NewRecord,
  NewTimer,
  PlanApproval,
  PlanPreset,
  PlanState,
  Probe,
  ProbePatch,
  Breach,
  MenuItem,
  ReportBody,
  ReportFile,
  ReportTable,
  SafetyCheck,
  SafetyReview,
  SavedReport,
  SensorTold,
  SensorUpdate,
  Sensors,
  Somebody,
} from "./types";

const at = (id: string) => encodeURIComponent(id);

export const plan = () => ask<PlanState>("/haccp/plan");
export const planPresets = () => ask<{ presets: PlanPreset[] }>("/haccp/plan/presets");
export const approvedPlan = (id: string) => ask<PlanApproval>(`/haccp/plan/approvals/${at(id)}`);

export const correctCheck = (id: string, correction: CheckAnswered & { why: string }, key: string) =>
  ask<SafetyCheck>(`/haccp/checks/${at(id)}/corrections`, { method: "POST", body: correction, key });

export const people = () => ask<{ people: Somebody[] }>("/haccp/people");

export const assignRecord = (id: string, personId: string | null, key: string) =>
  ask<ComplianceRecord>(`/haccp/records/${at(id)}/responsible`, { method: "PUT", body: { personId }, key });

export const saveDraft = (draft: unknown, key: string) =>
  ask<PlanState>("/haccp/plan/draft", { method: "PUT", body: { plan: draft }, key });

export const approvePlan = (draftVersion: number, note: string, key: string) =>
  ask<PlanState>("/haccp/plan/approve", { method: "POST", body: note === "" ? { draftVersion } : { draftVersion, note }, key });

export const checks = () => ask<CheckList>("/haccp/checks");
export const doCheck = (check: NewCheck, key: string) => ask<SafetyCheck>("/haccp/checks", { method: "POST", body: check, key });

export const coolingRuns = () => ask<{ runs: CoolingRun[] }>("/haccp/cooling");
export const startCooling = (run: NewCooling, key: string) => ask<CoolingRun>("/haccp/cooling", { method: "POST", body: run, key });

export const measureCooling = (id: string, milliC: number, key: string) =>
  ask<CoolingRun>(`/haccp/cooling/${at(id)}/measurements`, { method: "POST", body: { milliC }, key });

export interface Settled {
  outcome: "kept" | "reheated" | "discarded";
  milliC?: number;
  quantity?: string;
  note?: string;
}

export const settleCooling = (id: string, settled: Settled, key: string) =>
  ask<CoolingRun>(`/haccp/cooling/${at(id)}/settle`, { method: "POST", body: settled, key });

export const timers = () => ask<{ timers: FoodTimer[] }>("/haccp/timers");

export const startTimer = (timer: NewTimer, key: string) =>
  ask<{ timer: FoodTimer; printed: boolean }>("/haccp/timers", { method: "POST", body: timer, key });

export const measureTimer = (id: string, milliC: number, key: string) =>
  ask<FoodTimer>(`/haccp/timers/${at(id)}/measurements`, { method: "POST", body: { milliC }, key });

export interface Ended {
  how: "served" | "discarded";
  quantity?: string;
  note?: string;
}

export const endTimer = (id: string, ended: Ended, key: string) =>
  ask<FoodTimer>(`/haccp/timers/${at(id)}/end`, { method: "POST", body: ended, key });

export const calibrationsDue = () => ask<{ probes: CalibrationState[] }>("/haccp/calibrations/due");

export const calibrationsOf = (probeId: string) =>
  ask<{ calibrations: Calibration[] }>(`/haccp/calibrations?probeId=${at(probeId)}`);

export const calibrate = (calibration: NewCalibration, key: string) =>
  ask<Calibration>("/haccp/calibrations", { method: "POST", body: calibration, key });

export const records = (open: boolean) => ask<{ records: ComplianceRecord[] }>(`/haccp/records${open ? "?open=true" : ""}`);

export const record = (id: string) => ask<ComplianceRecord>(`/haccp/records/${at(id)}`);

export const openRecord = (record: NewRecord, key: string) =>
  ask<ComplianceRecord>("/haccp/records", { method: "POST", body: record, key });

export const takeAction = (id: string, action: NewAction, key: string) =>
  ask<ComplianceRecord>(`/haccp/records/${at(id)}/actions`, { method: "POST", body: action, key });

export const closeRecord = (id: string, key: string) =>
  ask<ComplianceRecord>(`/haccp/records/${at(id)}/close`, { method: "POST", key });

export const verifyRecord = (id: string, note: string, key: string) =>
  ask<ComplianceRecord>(`/haccp/records/${at(id)}/verify`, { method: "POST", body: note === "" ? {} : { note }, key });

export const breaches = () => ask<{ breaches: Breach[] }>("/haccp/breaches");

/** Puts back on the menu what a breach has taken off it. */
export const releaseHold = (breach: string, key: string) =>
  ask<{ items: string[] }>(`/haccp/breaches/${at(breach)}/release`, { method: "POST", key });

export const menuItems = () => ask<{ items: MenuItem[] }>("/pos/menu");

export const compliance = (from: Date) => ask<Compliance>(`/haccp/compliance?from=${at(from.toISOString())}`);

export const reviews = () => ask<{ reviews: SafetyReview[] }>("/haccp/reviews");

export const review = (from: Date, to: Date, meaning: string, key: string) =>
  ask<SafetyReview>("/haccp/reviews", { method: "POST", body: { from: from.toISOString(), to: to.toISOString(), meaning }, key });

export const reportTables = () => ask<{ tables: ReportTable[] }>("/haccp/report/tables");
export const savedReports = () => ask<{ reports: SavedReport[] }>("/haccp/reports");
export const reportFiles = () => ask<{ files: ReportFile[] }>("/haccp/reports/files");
export const reportFilePath = (id: string) => `/haccp/reports/files/${at(id)}`;

export const saveReport = (report: ReportBody, key: string) =>
  ask<SavedReport>("/haccp/reports", { method: "POST", body: report, key });

export const changeReport = (id: string, report: ReportBody, key: string) =>
  ask<SavedReport>(`/haccp/reports/${at(id)}`, { method: "PUT", body: report, key });

export const removeReport = (id: string, key: string) => ask<unknown>(`/haccp/reports/${at(id)}`, { method: "DELETE", key });

export const probes = () => ask<{ probes: Probe[] }>("/haccp/probes");

export const discovered = () => ask<Discovered>("/haccp/discovered");

export const adoptProbe = (probe: ProbePatch, key: string) => ask<Probe>("/haccp/probes", { method: "POST", body: probe, key });

export const sensors = () => ask<Sensors>("/haccp/sensors");
export const firmware = () => ask<FirmwareImages>("/haccp/firmware");

const IMAGE_MS = 30_000;

/** The maker's file as it is. */
export const registerImage = (file: Blob, key: string) =>
  ask<FirmwareImage>("/haccp/firmware", {
    method: "POST",
    body: new Blob([file], { type: "application/octet-stream" }),
    key,
    timeoutMs: IMAGE_MS,
  });

export const updateSensor = (id: string, version: string, key: string) =>
  ask<SensorUpdate>(`/haccp/sensors/${at(id)}/update`, { method: "POST", body: { version }, key });

export const callOffUpdate = (id: string, key: string) =>
  ask<SensorTold>(`/haccp/sensors/${at(id)}/update/cancel`, { method: "POST", key });

export const showLamp = (id: string, key: string) => ask<SensorTold>(`/haccp/sensors/${at(id)}/identify`, { method: "POST", key });

export const equipment = () => ask<{ equipment: Equipment[] }>("/kitchen/equipment");

export const changeEquipment = (id: string, change: EquipmentPatch, key: string) =>
  ask<Equipment>(`/kitchen/equipment/${at(id)}`, { method: "PUT", body: change, key });
