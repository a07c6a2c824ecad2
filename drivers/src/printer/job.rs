//! What is sent to a printer: bytes in frames. A frame is one indivisible command; real-time commands may be written
//! only between frames, because inside one they would be taken for data, or corrupt it.

use std::sync::{Arc, Mutex, PoisonError};

use trivet_paper::raster::Grid;
use trivet_paper::{Bitmap, Line, PictureId};

use super::profile::{Language, Profile, Raster};

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
    pub(super) fn with_capacity(bytes: usize, frames: usize) -> Job {
        Job { bytes: Vec::with_capacity(bytes), frames: Vec::with_capacity(frames), ..Job::default() }
    }

    /// What was encoded apart. The room that was there stays for what follows.
    pub(super) fn append(&mut self, part: &Job) {
        let start = self.bytes.len();
        self.bytes.reserve(self.bytes.capacity() - start + part.bytes.len());
        self.bytes.extend_from_slice(&part.bytes);
        self.frames.extend(part.frames.iter().map(|frame| Frame { end: start + frame.end, ..*frame }));
        part.warnings.iter().for_each(|warning| self.warn(warning.clone()));
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

    /// The commands that print a picture, if they are at hand; else as they are made.
    fn encoded(&self, _: &PictureId, _: &Profile, make: &dyn Fn() -> Job) -> Arc<Job> {
        Arc::new(make())
    }

    /// A line of text as a picture in the printer's own grid, for what the printer's fonts lack; with the characters that could
    /// not be drawn either.
    fn draw(&self, line: &Line, grid: Grid) -> Option<(Bitmap, Vec<char>)>;
}

/// Commands of pictures, kept because a logo stands on every receipt: those that were made last.
#[derive(Default)]
pub struct EncodedPictures(Mutex<Vec<(EncodedAs, Arc<Job>)>>);

/// A picture, and what of a profile its commands depend on.
type EncodedAs = (PictureId, Language, Raster, u16, u16);

impl EncodedPictures {
    const MOST: usize = 16;

    /// For ids that are the hash of their picture.
    pub fn get(&self, id: &PictureId, profile: &Profile, make: &dyn Fn() -> Job) -> Arc<Job> {
        let wanted = (*id, profile.language, profile.raster, profile.dots, profile.raster_band_rows);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, job)) = known.iter().find(|(as_what, _)| *as_what == wanted) {
            return job.clone();
        }
        if known.len() == EncodedPictures::MOST {
            known.remove(0);
        }
        let job = Arc::new(make());
        known.push((wanted, job.clone()));
        job
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encoded_apart_keeps_its_frames() {
        let mut part = Job::default();
        part.frame(b"band", 10);
        part.frame(b"rest", 20);
        part.warn("pale".to_owned());
        let mut job = Job::with_capacity(8, 1);
        job.frame(b"head", 1);
        job.append(&part);
        job.append(&part);
        job.frame(b"tail", 2);
        let frames: Vec<&[u8]> = job.frames().collect();
        assert_eq!(frames, [b"head", b"band", b"rest", b"band", b"rest", b"tail"]);
        assert_eq!((job.micrometres(), job.warnings), (63, vec!["pale".to_owned()]));
    }

    #[test]
    fn a_picture_is_encoded_once_a_profile() {
        let (wide, narrow) = (Profile::named("epson-80").unwrap(), Profile::named("epson-58").unwrap());
        let made = std::cell::Cell::new(0);
        let make = || {
            made.set(made.get() + 1);
            Job::default()
        };
        let pictures = EncodedPictures::default();
        let check = |picture: u8, profile: &Profile, expected: u32| {
            pictures.get(&PictureId([picture; 32]), profile, &make);
            assert_eq!(made.get(), expected, "{picture} on {}", profile.name);
        };
        check(0, &wide, 1);
        check(0, &wide, 1);
        check(0, &narrow, 2);
        (1..=15).for_each(|picture| check(picture, &wide, 2 + u32::from(picture)));
        check(0, &narrow, 17);
        // The oldest made room.
        check(0, &wide, 18);
    }
}
