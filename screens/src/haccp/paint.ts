// What is painted on the chart's canvas around the curve: gaps, excursions, limits, marks of door and defrost, late
// points. Colour never stands alone: each has a shape or a word as well.
import type uPlot from "uplot";
import { t, word } from "../i18n";
import { exactDegrees, type Limits } from "../ui/temperature";
import type { Dot, Gap } from "./series";

/** Seconds since 1970. */
export interface Shade {
  from: number;
  to: number;
  text: string;
}

export interface Mark {
  part: string;
  from: number;
  to: number;
}

const FONT = 'Roboto, "Liberation Sans", Arial, sans-serif';
/** Of the strips at the bottom, one for each part. */
const STRIP = 9;
export const PARTS = ["door", "defrost"] as const;

/** A colour token as the canvas understands it. */
export function colour(place: HTMLElement, token: string): string {
  const before = place.style.color;
  place.style.color = `var(${token})`;
  const resolved = getComputedStyle(place).color;
  place.style.color = before;
  return resolved;
}

export const transparent = (css: string, alpha: number) => css.replace(/\)$/, ` / ${alpha})`);

interface Span {
  left: number;
  width: number;
}

function spanOf(plot: uPlot, from: number, to: number): Span | null {
  const { bbox } = plot;
  const left = Math.max(bbox.left, plot.valToPos(from, "x", true));
  const right = Math.min(bbox.left + bbox.width, plot.valToPos(to, "x", true));
  if (right < bbox.left || left > bbox.left + bbox.width) return null;
  // What is shorter than a dot of the screen is seen all the same.
  return { left, width: Math.max(2 * devicePixelRatio, right - left) };
}

/** On a ground of its own, so that no hatching runs through it; left out where there is no room. */
function label(plot: uPlot, text: string, { left, width }: Span, y: number, css: string): void {
  const { ctx } = plot;
  const size = 12 * devicePixelRatio;
  ctx.font = `600 ${size}px ${FONT}`;
  const long = ctx.measureText(text).width;
  if (long > width - size) return;
  ctx.fillStyle = colour(plot.root, "--surface");
  ctx.fillRect(left + (width - long) / 2 - size / 2, y - size / 3, long + size, size * 1.7);
  ctx.fillStyle = css;
  ctx.textAlign = "center";
  ctx.textBaseline = "top";
  ctx.fillText(text, left + width / 2, y);
}

export function paintGap(plot: uPlot, gap: Gap, css: string): void {
  const { ctx, bbox } = plot;
  const span = spanOf(plot, gap.from, gap.to);
  if (span === null) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(span.left, bbox.top, span.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = transparent(css, 0.1);
  ctx.fillRect(span.left, bbox.top, span.width, bbox.height);
  ctx.strokeStyle = transparent(css, 0.45);
  ctx.lineWidth = devicePixelRatio;
  const step = 9 * devicePixelRatio;
  ctx.beginPath();
  for (let x = span.left - bbox.height; x < span.left + span.width; x += step) {
    ctx.moveTo(x, bbox.top + bbox.height);
    ctx.lineTo(x + bbox.height, bbox.top);
  }
  ctx.stroke();
  ctx.restore();
}

/** Why, above the lines of the grid. */
export function paintReason(plot: uPlot, gap: Gap, css: string): void {
  const span = spanOf(plot, gap.from, gap.to);
  if (span === null) return;
  const why = gap.reason === null ? t("haccp.noData") : word("reason", gap.reason);
  plot.ctx.save();
  label(plot, why, span, plot.bbox.top + plot.bbox.height - 46 * devicePixelRatio, css);
  plot.ctx.restore();
}

export function paintShade(plot: uPlot, shade: Shade, css: string): void {
  const { ctx, bbox } = plot;
  const span = spanOf(plot, shade.from, shade.to);
  if (span === null) return;
  ctx.save();
  ctx.fillStyle = transparent(css, 0.16);
  ctx.fillRect(span.left, bbox.top, span.width, bbox.height);
  ctx.fillStyle = css;
  ctx.fillRect(span.left, bbox.top, span.width, 4 * devicePixelRatio);
  ctx.restore();
}

export function paintCause(plot: uPlot, shade: Shade, css: string): void {
  const span = spanOf(plot, shade.from, shade.to);
  if (span === null) return;
  plot.ctx.save();
  label(plot, shade.text, span, plot.bbox.top + 10 * devicePixelRatio, css);
  plot.ctx.restore();
}

/** Strips above the axis of times: which one is said beside the chart. */
export function paintMark(plot: uPlot, mark: Mark, css: string): void {
  const row = PARTS.indexOf(mark.part as (typeof PARTS)[number]);
  const span = spanOf(plot, mark.from, mark.to);
  if (row < 0 || span === null) return;
  const { ctx, bbox } = plot;
  const height = STRIP * devicePixelRatio;
  const y = bbox.top + bbox.height - (row + 1) * (height + 2 * devicePixelRatio);
  ctx.save();
  ctx.fillStyle = css;
  ctx.fillRect(span.left, y, span.width, row === 0 ? height : height / 2);
  ctx.restore();
}

export function paintLimits(plot: uPlot, { minMilliC, maxMilliC }: Limits, css: string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = css;
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.font = `600 ${13 * devicePixelRatio}px ${FONT}`;
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

/** Hollow diamonds. */
export function paintLate(plot: uPlot, dots: Dot[], css: string): void {
  const { ctx } = plot;
  const size = 5 * devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = css;
  ctx.lineWidth = 2 * devicePixelRatio;
  for (const dot of dots) {
    const x = plot.valToPos(dot.at, "x", true);
    const y = plot.valToPos(dot.value, "y", true);
    ctx.beginPath();
    ctx.moveTo(x, y - size);
    ctx.lineTo(x + size, y);
    ctx.lineTo(x, y + size);
    ctx.lineTo(x - size, y);
    ctx.closePath();
    ctx.stroke();
  }
  ctx.restore();
}

/** A value between two gaps has no line: it is a dot. */
export function paintAlone(plot: uPlot, series: number, css: string): void {
  const values = plot.data[series] ?? [];
  const { ctx } = plot;
  ctx.save();
  ctx.fillStyle = css;
  values.forEach((value, i) => {
    if (value == null || values[i - 1] != null || values[i + 1] != null) return;
    ctx.beginPath();
    ctx.arc(plot.valToPos(plot.data[0][i]!, "x", true), plot.valToPos(value, "y", true), 3 * devicePixelRatio, 0, 7);
    ctx.fill();
  });
  ctx.restore();
}
