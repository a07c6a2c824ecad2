//! Which of two images runs. The flash holds two pages of records, of which the newer whole one counts, and behind
//! them slot A and slot B. A record is written into the other page, so that a cut of power leaves the older one.
//!
//! A new image runs on trial: each start uses up a try, and one that has proved itself is confirmed. Without tries left
//! the former image runs again. [`start`] is what a boot loader does; it then jumps into the slot that it is given.

use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};
use trivet_wire::Slot;
use trivet_wire::frame::crc;

/// Starts that a new image has to prove itself.
pub const TRIES: u8 = 2;

const MAGIC: [u8; 4] = *b"TVS1";
/// Magic, generation, confirmed slot, trial slot, tries, rolled back, four spare, check.
const RECORD: usize = 18;
/// What a record is padded to: the longest unit that a flash of ours is written in.
pub(crate) const PAGE: usize = 256;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    pub generation: u32,
    pub confirmed: Slot,
    /// The slot on trial, and the starts that it has left.
    pub trial: Option<(Slot, u8)>,
    /// The last trial was not passed, and the box has not been told.
    pub rolled_back: bool,
}

/// Of a board as it left the works.
pub const FIRST: Record = Record { generation: 0, confirmed: Slot::A, trial: None, rolled_back: false };

/// What runs after a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    pub running: Slot,
    pub trial: bool,
    pub rolled_back: bool,
}

/// Decides which slot runs, and uses up a try if it is on trial.
pub fn start<F: NorFlash>(flash: &mut F) -> Result<Start, F::Error> {
    let record = read(flash);
    match record.trial {
        Some((slot, tries)) if tries > 0 => {
            write(flash, Record { trial: Some((slot, tries - 1)), ..record })?;
            Ok(Start { running: slot, trial: true, rolled_back: false })
        }
        Some(_) => {
            write(flash, Record { trial: None, rolled_back: true, ..record })?;
            Ok(Start { running: record.confirmed, trial: false, rolled_back: true })
        }
        None => Ok(Start { running: record.confirmed, trial: false, rolled_back: record.rolled_back }),
    }
}

/// The image on trial stays.
pub fn confirm<F: NorFlash>(flash: &mut F) -> Result<(), F::Error> {
    let record = read(flash);
    match record.trial {
        Some((slot, _)) => write(flash, Record { confirmed: slot, trial: None, rolled_back: false, ..record }),
        None => Ok(()),
    }
}

/// That the former image runs again has been told.
pub fn told<F: NorFlash>(flash: &mut F) -> Result<(), F::Error> {
    let record = read(flash);
    if record.rolled_back { write(flash, Record { rolled_back: false, ..record }) } else { Ok(()) }
}

/// The image in this slot runs on trial from the next start on.
pub fn try_out<F: NorFlash>(flash: &mut F, slot: Slot) -> Result<(), F::Error> {
    let record = read(flash);
    write(flash, Record { trial: Some((slot, TRIES)), rolled_back: false, ..record })
}

/// The newer whole record; [`FIRST`] if there is none.
pub fn read<F: NorFlash>(flash: &mut F) -> Record {
    let mut newest = FIRST;
    for page in [0, F::ERASE_SIZE as u32] {
        let mut bytes = [0; PAGE];
        if flash.read(page, &mut bytes).is_ok()
            && let Some(record) = parse(&bytes)
            && record.generation > newest.generation
        {
            newest = record;
        }
    }
    newest
}

fn write<F: NorFlash>(flash: &mut F, record: Record) -> Result<(), F::Error> {
    let record = Record { generation: record.generation + 1, ..record };
    let page = (record.generation % 2) * F::ERASE_SIZE as u32;
    flash.erase(page, page + F::ERASE_SIZE as u32)?;
    flash.write(page, &bytes(&record))
}

fn bytes(record: &Record) -> [u8; PAGE] {
    let number = |slot| match slot {
        Slot::A => 0_u8,
        Slot::B => 1,
    };
    let (trial, tries) = record.trial.map_or((0xff, 0), |(slot, tries)| (number(slot), tries));
    let state = [number(record.confirmed), trial, tries, u8::from(record.rolled_back), 0xff, 0xff, 0xff, 0xff];
    let mut page = [0xff; PAGE];
    let generation = record.generation.to_le_bytes();
    for (to, from) in page.iter_mut().zip(MAGIC.iter().chain(&generation).chain(&state)) {
        *to = *from;
    }
    if let Some((body, rest)) = page.split_at_mut_checked(RECORD - 2) {
        for (to, from) in rest.iter_mut().zip(crc(body).to_le_bytes()) {
            *to = from;
        }
    }
    page
}

fn parse(page: &[u8]) -> Option<Record> {
    let (body, rest) = page.split_at_checked(RECORD - 2)?;
    if rest.first_chunk::<2>() != Some(&crc(body).to_le_bytes()) {
        return None;
    }
    let slot = |number| match number {
        0 => Some(Slot::A),
        1 => Some(Slot::B),
        _ => None,
    };
    let (magic, rest) = body.split_first_chunk::<4>()?;
    let (generation, rest) = rest.split_first_chunk::<4>()?;
    let [confirmed, trial, tries, rolled_back, ..] = *rest else { return None };
    let (confirmed, rolled_back) = (slot(confirmed)?, rolled_back == 1);
    let trial = slot(trial).map(|slot| (slot, tries));
    let generation = u32::from_le_bytes(*generation);
    (*magic == MAGIC).then_some(Record { generation, confirmed, trial, rolled_back })
}

/// Where a slot begins, and how long it is.
pub fn extent<F: NorFlash>(flash: &F, slot: Slot) -> (u32, u32) {
    let erase = F::ERASE_SIZE as u32;
    let sectors = (flash.capacity() as u32 / erase).saturating_sub(2) / 2;
    let length = sectors * erase;
    let begin = 2 * erase;
    match slot {
        Slot::A => (begin, length),
        Slot::B => (begin + length, length),
    }
}

/// Of a board whose image cannot be changed over the line.
pub struct NoFlash;

impl ErrorType for NoFlash {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for NoFlash {
    const READ_SIZE: usize = 1;
    fn read(&mut self, _: u32, _: &mut [u8]) -> Result<(), Self::Error> {
        Err(NorFlashErrorKind::OutOfBounds)
    }
    fn capacity(&self) -> usize {
        0
    }
}

impl NorFlash for NoFlash {
    const WRITE_SIZE: usize = 1;
    const ERASE_SIZE: usize = PAGE;
    fn erase(&mut self, _: u32, _: u32) -> Result<(), Self::Error> {
        Err(NorFlashErrorKind::OutOfBounds)
    }
    fn write(&mut self, _: u32, _: &[u8]) -> Result<(), Self::Error> {
        Err(NorFlashErrorKind::OutOfBounds)
    }
}
