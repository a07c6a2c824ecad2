//! What is sent to a printer: bytes in frames. A frame is one indivisible command; real-time commands may be written
//! only between frames, because inside one they would be taken for data, or corrupt it.

use std::sync::Arc;

use trivet_paper::raster::Grid;
use trivet_paper::{Bitmap, Line, PictureId};

/// One paper in a printer's own language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Job {
    bytes: Vec<u8>,
    frames: Vec<Frame>,
    /// Frames before the last cut: once these are on paper, the paper can be read.
    body: Option<usize>,
    /// What could not be printed as it stands: characters, codes, pictures.
    pub warnings: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Frame {
    end: usize,
    micrometres: u32,
}

impl Job {
    pub(super) fn with_capacity(bytes: usize) -> Job {
        Job { bytes: Vec::with_capacity(bytes), ..Job::default() }
    }

    /// Ends the frame that was begun by writing to [`Job::buffer`].
    pub(super) fn end_frame(&mut self, micrometres: u32) {
        let end = self.bytes.len();
        if self.frames.last().map_or(0, |frame| frame.end) < end {
            self.frames.push(Frame { end, micrometres });
        }
    }

    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    pub(super) fn frame(&mut self, bytes: &[u8], micrometres: u32) {
        self.bytes.extend_from_slice(bytes);
        self.end_frame(micrometres);
    }

    /// The paper is complete; what follows only cuts it off.
    pub(super) fn body_ends(&mut self) {
        self.body = Some(self.frames.len());
    }

    pub(super) fn warn(&mut self, warning: String) {
        // A paper of a thousand unknown characters needs no thousand warnings.
        if self.warnings.len() < 16 && !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The frames up to the last cut, and those from it on.
    pub fn parts(&self) -> (impl Iterator<Item = &[u8]>, impl Iterator<Item = &[u8]>) {
        let body = self.body.unwrap_or(self.frames.len());
        (self.between(0, body), self.between(body, self.frames.len()))
    }

    pub fn frames(&self) -> impl Iterator<Item = &[u8]> {
        self.between(0, self.frames.len())
    }

    fn between(&self, from: usize, to: usize) -> impl Iterator<Item = &[u8]> {
        (from..to).filter_map(|n| {
            let start = n.checked_sub(1).and_then(|n| self.frames.get(n)).map_or(0, |frame| frame.end);
            self.bytes.get(start..self.frames.get(n)?.end)
        })
    }

    /// Paper that it moves, for the deadline of its confirmation.
    pub fn micrometres(&self) -> u32 {
        self.frames.iter().map(|frame| frame.micrometres).sum()
    }
}

/// Pictures and drawn text, for an encoder.
pub trait Art {
    fn picture(&self, id: &PictureId) -> Option<Arc<Bitmap>>;

    /// The key under which this printer keeps a picture in its own memory.
    fn stored(&self, _: &PictureId) -> Option<[u8; 2]> {
        None
    }

    /// A line of text as a picture in the printer's own grid, for what the printer's fonts lack; with the characters that could
    /// not be drawn either.
    fn draw(&self, line: &Line, grid: Grid) -> Option<(Bitmap, Vec<char>)>;
}

/// No pictures and no fonts.
pub struct NoArt;

impl Art for NoArt {
    fn picture(&self, _: &PictureId) -> Option<Arc<Bitmap>> {
        None
    }
    fn draw(&self, _: &Line, _: Grid) -> Option<(Bitmap, Vec<char>)> {
        None
    }
}
