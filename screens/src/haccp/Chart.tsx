// The curve: the last value of each minute over the band from its lowest to its highest, dashed lines at the
// limits, hatching where there is no data. Drawn on a canvas by uPlot in the page's own colours.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { History } from "../api/types";
import { locale, t } from "../i18n";
import { settings } from "../state/settings";
import { useStore } from "../state/store";
import { exactDegrees, type Limits } from "../ui/temperature";
import { theme } from "../ui/theme";
import { gapsOf, seriesOf, type Gap } from "./series";

export function Chart({ history, limits }: { history: History; limits: Limits }) {
  const box = useRef<HTMLDivElement>(null);
  const readout = useRef<HTMLParagraphElement>(null);
  const shade = useStore(theme);
  useEffect(() => {
    const place = box.current!;
    const series = seriesOf(history);
    const size = () => ({ width: Math.max(200, place.clientWidth), height: Math.max(180, place.clientHeight) });
    const data: uPlot.AlignedData = [series.times, series.max, series.min, series.last];
    const plot = new uPlot(optionsFor(place, readout.current!, gapsOf(history), limits, size()), data, place);
    const resized = new ResizeObserver(() => plot.setSize(size()));
    resized.observe(place);
    return () => {
      resized.disconnect();
      plot.destroy();
    };
  }, [history, limits.minMilliC, limits.maxMilliC, shade]);
  return (
    <div class="chart">
      <p class="readout" ref={readout} />
      <div class="plot" ref={box} role="img" aria-label={t("haccp.chart")} />
    </div>
  );
}

/** A colour token as the canvas understands it. */
function colour(place: HTMLElement, token: string): string {
  const before = place.style.color;
  place.style.color = `var(${token})`;
  const resolved = getComputedStyle(place).color;
  place.style.color = before;
  return resolved;
}

function optionsFor(place: HTMLElement, readout: HTMLElement, gaps: Gap[], limits: Limits, size: { width: number; height: number }): uPlot.Options {
  const zone = settings.get()?.timeZone ?? "UTC";
  const soft = colour(place, "--ink-soft");
  const line = colour(place, "--line");
  const curve = colour(place, "--accent");
  const bad = colour(place, "--bad");
  const none = colour(place, "--none");
  const font = '14px "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif';
  const axis = { stroke: soft, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  const band = { stroke: "transparent", points: { show: false }, spanGaps: false };
  return {
    ...size,
    padding: [14, 18, 0, 0],
    legend: { show: false },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
    cursor: { drag: { x: false, y: false }, y: false, points: { size: 10 } },
    scales: { y: { range: (_, low, high) => rangeWith(low, high, limits) } },
    axes: [
      { ...axis, values: "{HH}:{mm}", space: 72 },
      { ...axis, size: 58, values: (_, ticks) => ticks.map((tick) => tick.toLocaleString(locale())) },
    ],
    series: [{}, band, band, { stroke: curve, width: 2.5, points: { show: false }, spanGaps: false }],
    bands: [{ series: [1, 2], fill: transparent(curve, 0.2) }],
    hooks: {
      drawClear: [(plot) => gaps.forEach((gap) => drawGap(plot, gap, none))],
      draw: [(plot) => drawLimits(plot, limits, bad)],
      setCursor: [(plot) => void (readout.textContent = readingAt(plot, zone))],
    },
  };
}

function rangeWith(low: number | null, high: number | null, { minMilliC: min, maxMilliC: max }: Limits): [number, number] {
  const ends = [low, high, min == null ? null : min / 1000, max == null ? null : max / 1000].filter((end) => end !== null);
  if (ends.length === 0) return [0, 10];
  const bottom = Math.min(...ends);
  const top = Math.max(...ends);
  const air = Math.max(0.5, (top - bottom) * 0.12);
  return [bottom - air, top + air];
}

const transparent = (css: string, alpha: number) => css.replace(/\)$/, ` / ${alpha})`);

function drawGap(plot: uPlot, gap: Gap, css: string): void {
  const { ctx, bbox } = plot;
  const left = Math.max(bbox.left, plot.valToPos(gap.from, "x", true));
  const right = Math.min(bbox.left + bbox.width, plot.valToPos(gap.to, "x", true));
  if (right <= left) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, bbox.top, right - left, bbox.height);
  ctx.clip();
  ctx.fillStyle = transparent(css, 0.1);
  ctx.fillRect(left, bbox.top, right - left, bbox.height);
  ctx.strokeStyle = transparent(css, 0.45);
  ctx.lineWidth = devicePixelRatio;
  const step = 9 * devicePixelRatio;
  ctx.beginPath();
  for (let x = left - bbox.height; x < right; x += step) {
    ctx.moveTo(x, bbox.top + bbox.height);
    ctx.lineTo(x + bbox.height, bbox.top);
  }
  ctx.stroke();
  ctx.restore();
}

function drawLimits(plot: uPlot, { minMilliC, maxMilliC }: Limits, css: string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = css;
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.font = `600 ${13 * devicePixelRatio}px Roboto, "Liberation Sans", Arial, sans-serif`;
  ctx.textAlign = "right";
  for (const milliC of [minMilliC, maxMilliC]) {
    if (milliC == null) continue;
    const y = Math.round(plot.valToPos(milliC / 1000, "y", true));
    ctx.setLineDash([8 * devicePixelRatio, 6 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    const below = milliC === minMilliC;
    ctx.textBaseline = below ? "top" : "bottom";
    ctx.fillText(t("haccp.limit", { limit: exactDegrees(milliC) }), bbox.left + bbox.width - 6, y + (below ? 5 : -5) * devicePixelRatio);
  }
  ctx.restore();
}

function readingAt(plot: uPlot, zone: string): string {
  const { idx } = plot.cursor;
  const time = idx == null ? undefined : plot.data[0][idx];
  if (idx == null || time === undefined) return t("haccp.touchChart");
  const at = new Date(time * 1000).toLocaleTimeString(locale(), { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const value = (series: number) => plot.data[series]?.[idx]?.toLocaleString(locale(), { minimumFractionDigits: 2 });
  const last = value(3);
  return last === undefined ? `${at}  ${t("haccp.noData")}` : `${at}  ${last} °C  (${value(2)} … ${value(1)})`;
}
