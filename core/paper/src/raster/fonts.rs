//! Fonts in an order, read when a text first needs them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use harfrust::{Buffer, Direction, GlyphId, Language, ShapeOptions, ShapePlan, ShapePlanKey, ShaperFont};
use skrifa::font::Font;
use skrifa::font::glyph::outline::PathElement;
use skrifa::{DrawMemory, HintOptions, RasterTarget, ScalerFont};

use super::files::FontFile;

/// Sizes of a font, and ways to shape with it, that are kept.
const KEPT: usize = 16;
/// Outlines of a size that are kept: hinting takes longer than all the rest.
const KEPT_OUTLINES: usize = 512;

type Load = dyn Fn(&FontFile) -> Option<Vec<u8>> + Send + Sync;

pub struct Fonts {
    slots: Vec<Slot>,
    load: Box<Load>,
}

struct Slot {
    file: FontFile,
    state: Mutex<State>,
}

#[derive(Clone)]
enum State {
    Unread,
    Missing,
    Read(Arc<Face>),
}

impl Fonts {
    /// `load` gives the bytes of a font's file. It is called when a text first has a character that the file covers,
    /// so that a restaurant without a Chinese dish never reads the 20 MB of Chinese. A font that it cannot give (it
    /// logs why) is passed over until [`Fonts::release`].
    pub fn new(files: &[FontFile], load: impl Fn(&FontFile) -> Option<Vec<u8>> + Send + Sync + 'static) -> Fonts {
        let slot = |file: &FontFile| Slot { file: file.clone(), state: Mutex::new(State::Unread) };
        Fonts { slots: files.iter().map(slot).collect(), load: Box::new(load) }
    }

    /// Gives the memory back; what is needed again is read again.
    pub fn release(&self) {
        for slot in &self.slots {
            *slot.state.lock().unwrap_or_else(PoisonError::into_inner) = State::Unread;
        }
    }

    /// The first font that covers the character and has it.
    pub(super) fn with(&self, c: char) -> Option<Arc<Face>> {
        let covering = self.slots.iter().filter(|slot| slot.file.covers.iter().any(|range| range.contains(&c)));
        covering.filter_map(|slot| self.face(slot)).find(|face| face.has(c))
    }

    /// The first font with all of them.
    pub(super) fn with_all(&self, chars: &[char]) -> Option<Arc<Face>> {
        let covers = |slot: &&Slot| chars.iter().all(|c| slot.file.covers.iter().any(|range| range.contains(c)));
        let covering = self.slots.iter().filter(covers);
        covering.filter_map(|slot| self.face(slot)).find(|face| chars.iter().all(|c| face.has(*c)))
    }

    fn face(&self, slot: &Slot) -> Option<Arc<Face>> {
        let mut state = slot.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Unread = *state {
            let font = (self.load)(&slot.file).and_then(|bytes| Font::new(bytes, slot.file.index));
            *state = font.map_or(State::Missing, |font| State::Read(Arc::new(Face::new(slot.file.clone(), font))));
        }
        match &*state {
            State::Read(face) => Some(Arc::clone(face)),
            State::Unread | State::Missing => None,
        }
    }
}

/// A font that has been read.
pub(super) struct Face {
    pub(super) file: FontFile,
    font: Font,
    sizes: Mutex<Vec<Arc<FittedFace>>>,
    plans: Mutex<Vec<Arc<ShapePlan>>>,
}

/// How outlines are fitted to the dots.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Fit {
    /// Dots.
    pub(super) em: u16,
    /// Upright stems on whole dots too: only where nothing stretches or shifts them afterwards.
    pub(super) stems: bool,
}

impl Face {
    fn new(file: FontFile, font: Font) -> Face {
        Face { file, font, sizes: Mutex::default(), plans: Mutex::default() }
    }

    pub(super) fn has(&self, c: char) -> bool {
        self.font.charmap().map_unicode(c).is_some()
    }

    pub(super) fn units_per_em(&self) -> f32 {
        f32::from(self.font.units_per_em().max(1))
    }

    /// A size of it, with the font's own hints, which know best how to stay legible in few dots; a font without any is
    /// hinted by its shapes.
    pub(super) fn fitted(&self, fit: Fit) -> Arc<FittedFace> {
        kept(
            &self.sizes,
            |fitted| fitted.fit == fit,
            || {
                let hints = HintOptions::auto_fallback();
                let hints = match fit.stems {
                    true => hints.with_target(RasterTarget::Mono),
                    false => hints.with_target(RasterTarget::Light).with_preserve_linear_metrics(true),
                };
                let scaler = ScalerFont::hinted(self.font.clone(), f32::from(fit.em), hints);
                FittedFace { fit, scaler, outlines: Mutex::default() }
            },
        )
    }

    /// The glyphs of a run, from left to right, in the font's units.
    pub(super) fn shape(&self, text: &str, direction: Direction, language: Option<&Language>) -> Buffer {
        let mut buffer = Buffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        buffer.set_direction(direction);
        buffer.set_language(language.cloned());
        let script = buffer.script();
        let plan = kept(
            &self.plans,
            |plan| ShapePlanKey::new(&self.font, script, direction).language(language).matches(plan),
            || ShapePlan::new(&self.font, direction, script, language, &[]),
        );
        // It refuses a plan that does not fit the buffer and a buffer without a direction; neither can be.
        let shaped = harfrust::shape(&ShaperFont::new(&self.font), &mut buffer, ShapeOptions::new().plan(Some(&plan)));
        debug_assert!(shaped.is_ok(), "{shaped:?}");
        buffer
    }
}

/// A font in a size.
pub(super) struct FittedFace {
    fit: Fit,
    scaler: ScalerFont,
    outlines: Mutex<HashMap<GlyphId, Arc<[PathElement]>>>,
}

impl FittedFace {
    /// In dots, y upwards; nothing for a space, and for a glyph whose hints fail.
    pub(super) fn outline(&self, glyph: GlyphId) -> Arc<[PathElement]> {
        let mut outlines = self.outlines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(outline) = outlines.get(&glyph) {
            return Arc::clone(outline);
        }
        let mut path = Vec::new();
        let drawn = self.scaler.outline(glyph).map(|outline| outline.draw(DrawMemory::Scratch, &mut path));
        let outline: Arc<[PathElement]> = if matches!(drawn, Some(Ok(_))) { path.into() } else { Arc::default() };
        if outlines.len() == KEPT_OUTLINES {
            outlines.clear();
        }
        outlines.insert(glyph, Arc::clone(&outline));
        outline
    }
}

/// What is kept, or else made and kept; the oldest goes.
fn kept<T>(cache: &Mutex<Vec<Arc<T>>>, is_it: impl Fn(&T) -> bool, make: impl FnOnce() -> T) -> Arc<T> {
    let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = cache.iter().find(|kept| is_it(kept)) {
        return Arc::clone(found);
    }
    if cache.len() == KEPT {
        cache.remove(0);
    }
    let made = Arc::new(make());
    cache.push(Arc::clone(&made));
    made
}
