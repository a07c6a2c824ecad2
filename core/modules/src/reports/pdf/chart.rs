//! A unit's days: a bar from the lowest to the highest value, the limits, grey where nothing is recorded.

use super::page::{Pages, WIDTH};
use crate::reports::sheet::Chart;

pub(super) const HEIGHT: f32 = 128.0;
const SIDE: f32 = WIDTH / 2.0 - 8.0;
const AXIS: f32 = 30.0;
const SIZE: f32 = 6.5;

const GREY: [f32; 3] = [0.87, 0.87, 0.87];
const WITHIN: [f32; 3] = [0.25, 0.45, 0.65];
const BEYOND: [f32; 3] = [0.78, 0.12, 0.12];

struct Plot {
    left: f32,
    below: f32,
    width: f32,
    height: f32,
    lowest: f32,
    span: f32,
}

impl Plot {
    fn y(&self, milli: i32) -> f32 {
        self.below + (milli as f32 - self.lowest) / self.span * self.height
    }
}

pub(super) fn draw(pages: &mut Pages<'_>, chart: &Chart, left: f32, top: f32) {
    pages.text(left, top - 12.0, 8.5, true, &chart.title);
    pages.text(left, top - 21.0, SIZE, false, &chart.note);
    let values = chart.bands.iter().flat_map(|(_, low, high, ..)| [*low, *high]).chain(chart.limits.iter().copied());
    let (lowest, highest) = values.fold((i32::MAX, i32::MIN), |(low, high), value| (low.min(value), high.max(value)));
    let (lowest, highest) = if lowest > highest { (0, 10_000) } else { (lowest - 1_000, highest + 1_500) };
    let plot = Plot {
        left: left + AXIS,
        below: top - HEIGHT,
        width: SIDE - AXIS,
        height: HEIGHT - 27.0,
        lowest: lowest as f32,
        span: (highest - lowest).max(1) as f32,
    };
    pages.fill(plot.left, plot.below, plot.width, plot.height, GREY);
    let each = plot.width / chart.places.max(1) as f32;
    let place = |at: u32| plot.left + at as f32 * each;
    for (at, _, _, _, recorded) in &chart.bands {
        // Of a day that is recorded in part, that part is white; a short gap is seen as well.
        let missing = each * (1.0 - f32::from(*recorded) / 1_000.0);
        let missing = if *recorded < 1_000 { missing.max(0.15 * each) } else { 0.0 };
        pages.fill(place(*at), plot.below, each - missing, plot.height, [1.0; 3]);
    }
    ticks(pages, &plot, left, (lowest, highest), &chart.unit);
    for (at, low, high, beyond, _) in &chart.bands {
        let (from, to) = (plot.y(*low), plot.y(*high));
        let width = (each * 0.7).max(0.6);
        let colour = if *beyond { BEYOND } else { WITHIN };
        pages.fill(place(*at) + (each - width) / 2.0, from, width, (to - from).max(0.8), colour);
        if *beyond {
            // Seen without colour as well.
            pages.black(place(*at) + (each - width) / 2.0, plot.below + plot.height - 3.0, width, 3.0);
        }
    }
    for limit in &chart.limits {
        let y = plot.y(*limit);
        pages.line([plot.left, y], [plot.left + plot.width, y], BEYOND, true);
    }
    let [from, to] = &chart.ends;
    pages.text(plot.left, plot.below - 8.0, SIZE, false, from);
    let width = pages.width(to, SIZE, false);
    pages.text(plot.left + plot.width - width, plot.below - 8.0, SIZE, false, to);
    let legend = "bar: lowest to highest · dashed: limit · black mark: beyond it · grey: no record";
    let width = pages.width(legend, 5.5, false);
    pages.text(plot.left + (plot.width - width) / 2.0, plot.below - 8.0, 5.5, false, legend);
}

fn ticks(pages: &mut Pages<'_>, plot: &Plot, left: f32, (lowest, highest): (i32, i32), unit: &str) {
    // Steps of 1, 2, 5, 10 … degrees, so that at most six lines stand there.
    let step = [1, 2, 5, 10, 20, 50, 100, 200].into_iter().map(|step| step * 1_000);
    let step = step.into_iter().find(|step| (highest - lowest) / step <= 6).unwrap_or(500_000);
    let mut at = lowest.div_euclid(step) * step + step;
    while at < highest {
        let y = plot.y(at);
        pages.rule(plot.left, y, plot.width, 0.75);
        pages.text(left, y - 2.0, SIZE, false, &format!("{} {unit}", at / 1_000));
        at += step;
    }
}
