// The curve: the last value of each minute over the band from its lowest to its highest, dashed lines at the limits,
// red where it was beyond them, hatching where there is no data, strips where a door was open or it defrosted. Drawn on
// a canvas by uPlot in the page's own colours.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { History } from "../api/types";
import { locale, t, word } from "../i18n";
import { settings } from "../state/settings";
import { useStore } from "../state/store";
import type { Limits } from "../ui/temperature";
import { theme } from "../ui/theme";
import * as paint from "./paint";
import { gapsOf, lateOf, seriesOf } from "./series";

export interface ChartProps {
  history: History;
  limits: Limits;
  shades: paint.Shade[];
}

const DAY_S = 86_400;

export function Chart({ history, limits, shades }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const readout = useRef<HTMLParagraphElement>(null);
  const shade = useStore(theme);
  const parts = paint.PARTS.filter((part) => history.marks.some((mark) => mark.part === part));
  const late = history.points.some((point) => point.late);
  useEffect(() => {
    const place = box.current!;
    const series = seriesOf(history);
    const size = () => ({ width: Math.max(200, place.clientWidth), height: Math.max(180, place.clientHeight) });
    const data: uPlot.AlignedData = [series.times, series.max, series.min, series.last];
    const options = { ...optionsFor(place, readout.current!, history, limits, shades), ...size() };
    const plot = new uPlot(options, data, place);
    const resized = new ResizeObserver(() => plot.setSize(size()));
    resized.observe(place);
    return () => {
      resized.disconnect();
      plot.destroy();
    };
  }, [history, limits.minMilliC, limits.maxMilliC, JSON.stringify(shades), shade]);
  return (
    <div class="chart">
      <p class="readout" ref={readout} />
      <div
        class="plot"
        ref={box}
        role="img"
        aria-label={t("haccp.chart")}
        data-testid="chart"
        data-from={history.from}
        data-gaps={history.gaps.length}
        data-shades={shades.length}
      />
      {(parts.length > 0 || late) && (
        <p class="chart-key">
          {parts.map((part) => (
            <span key={part} class={`key-${part}`}>
              {word("part", `${part}.on`)}
            </span>
          ))}
          {late && <span class="key-late">{t("haccp.latePoints")}</span>}
        </p>
      )}
    </div>
  );
}

function optionsFor(place: HTMLElement, readout: HTMLElement, history: History, limits: Limits, shades: paint.Shade[]): Omit<uPlot.Options, "width" | "height"> {
  const zone = settings.get()?.timeZone ?? "UTC";
  const [soft, line, curve] = [paint.colour(place, "--ink-soft"), paint.colour(place, "--line"), paint.colour(place, "--accent")];
  const [bad, none, warn] = [paint.colour(place, "--bad"), paint.colour(place, "--none"), paint.colour(place, "--warn")];
  const font = '14px "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif';
  const axis = { stroke: soft, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  const band = { stroke: "transparent", points: { show: false }, spanGaps: false };
  const [from, to] = [Date.parse(history.from) / 1000, Date.parse(history.to) / 1000];
  const marks = history.marks.map((mark) => ({
    part: mark.part,
    from: Date.parse(mark.from) / 1000,
    to: mark.to == null ? to : Date.parse(mark.to) / 1000,
  }));
  const long = to - from > 2 * DAY_S;
  const [gaps, late] = [gapsOf(history), lateOf(history)];
  return {
    padding: [14, 18, 0, 0],
    legend: { show: false },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
    cursor: { drag: { x: false, y: false }, y: false, points: { size: 10 } },
    // The whole time that was asked for, also where nothing is known of it.
    scales: { x: { range: () => [from, to] }, y: { range: (_, low, high) => rangeWith(low, high, limits) } },
    axes: [
      { ...axis, values: long ? "{D}.{M}." : "{HH}:{mm}", space: 72 },
      { ...axis, size: 58, values: (_, ticks) => ticks.map((tick) => tick.toLocaleString(locale())) },
    ],
    series: [{}, band, band, { stroke: curve, width: 2.5, points: { show: false }, spanGaps: false }],
    bands: [{ series: [1, 2], fill: paint.transparent(curve, 0.2) }],
    hooks: {
      drawClear: [
        (plot) => gaps.forEach((gap) => paint.paintGap(plot, gap, none)),
        (plot) => shades.forEach((shade) => paint.paintShade(plot, shade, bad)),
      ],
      draw: [
        (plot) => gaps.forEach((gap) => paint.paintReason(plot, gap, none)),
        (plot) => shades.forEach((shade) => paint.paintCause(plot, shade, bad)),
        (plot) => paint.paintAlone(plot, 3, curve),
        (plot) => paint.paintLimits(plot, limits, bad),
        (plot) => marks.forEach((mark) => paint.paintMark(plot, mark, mark.part === "door" ? warn : soft)),
        (plot) => paint.paintLate(plot, late, warn),
      ],
      setCursor: [(plot) => void (readout.textContent = readingAt(plot, zone, long))],
    },
  };
}

function rangeWith(low: number | null, high: number | null, { minMilliC: min, maxMilliC: max }: Limits): [number, number] {
  const ends = [low, high, min == null ? null : min / 1000, max == null ? null : max / 1000].filter((end) => end != null);
  if (ends.length === 0) return [0, 10];
  const bottom = Math.min(...ends);
  const top = Math.max(...ends);
  const air = Math.max(0.5, (top - bottom) * 0.12);
  return [bottom - air, top + air];
}

function readingAt(plot: uPlot, zone: string, long: boolean): string {
  const { idx } = plot.cursor;
  const time = idx == null ? undefined : plot.data[0][idx];
  if (idx == null || time === undefined) return t("haccp.touchChart");
  const day: Intl.DateTimeFormatOptions = long ? { day: "numeric", month: "numeric" } : {};
  const at = new Date(time * 1000).toLocaleString(locale(), { ...day, timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const value = (series: number) => plot.data[series]?.[idx]?.toLocaleString(locale(), { minimumFractionDigits: 2 });
  const last = value(3);
  return last === undefined ? `${at}  ${t("haccp.noData")}` : `${at}  ${last} °C  (${value(2)} … ${value(1)})`;
}
