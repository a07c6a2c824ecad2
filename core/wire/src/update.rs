//! What is signed of a firmware image, and how a signed image lies in a file: manifest, signature, image.

use serde::{Deserialize, Serialize};

/// Bytes of a block of an image.
pub const BLOCK: usize = 64;
/// Longest image of any board.
pub const MAX_IMAGE: u32 = 1 << 20;

const MAGIC: [u8; 4] = *b"TVF1";

/// An image runs where it was linked for: from one of two slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Slot {
    A,
    B,
}

impl Slot {
    pub fn other(self) -> Slot {
        match self {
            Slot::A => Slot::B,
            Slot::B => Slot::A,
        }
    }
}

/// What an Ed25519 signature of an image is over: [`Manifest::BYTES`] bytes, numbers low byte first.
///
/// | bytes | |
/// |---|---|
/// | 4 | `TVF1` |
/// | 12 | the board's model, filled with zeros |
/// | 4 | version: patch 16 bits, minor 8, major 8 |
/// | 4 | length of the image |
/// | 1 | slot: 0 is A, 1 is B |
/// | 32 | SHA-256 of the image |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manifest {
    pub hardware: [u8; 12],
    pub version: u32,
    pub length: u32,
    pub slot: Slot,
    pub sha256: [u8; 32],
}

impl Manifest {
    pub const BYTES: usize = 57;

    pub fn to_bytes(&self) -> [u8; Manifest::BYTES] {
        let slot = [match self.slot {
            Slot::A => 0,
            Slot::B => 1,
        }];
        let (version, length) = (self.version.to_le_bytes(), self.length.to_le_bytes());
        let parts: [&[u8]; 6] = [&MAGIC, &self.hardware, &version, &length, &slot, &self.sha256];
        let mut bytes = [0; Manifest::BYTES];
        for (to, from) in bytes.iter_mut().zip(parts.into_iter().flatten()) {
            *to = *from;
        }
        bytes
    }

    /// `None` if it is no manifest, or one of an image that no board can hold.
    pub fn read(bytes: &[u8]) -> Option<Manifest> {
        let (magic, rest) = bytes.split_first_chunk::<4>()?;
        let (hardware, rest) = rest.split_first_chunk::<12>()?;
        let (version, rest) = rest.split_first_chunk::<4>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (slot, rest) = rest.split_first()?;
        let sha256 = <[u8; 32]>::try_from(rest).ok()?;
        let slot = match slot {
            0 => Slot::A,
            1 => Slot::B,
            _ => return None,
        };
        let (version, length) = (u32::from_le_bytes(*version), u32::from_le_bytes(*length));
        let whole = *magic == MAGIC && (1..=MAX_IMAGE).contains(&length);
        whole.then_some(Manifest { hardware: *hardware, version, length, slot, sha256 })
    }

    /// A model's name as it stands in a manifest; `None` if it is longer than 12 bytes.
    pub fn hardware_of(model: &str) -> Option<[u8; 12]> {
        let mut name = [0; 12];
        name.get_mut(..model.len())?.copy_from_slice(model.as_bytes());
        Some(name)
    }

    /// Blocks of the image.
    pub fn blocks(&self) -> u32 {
        self.length.div_ceil(BLOCK as u32)
    }
}
