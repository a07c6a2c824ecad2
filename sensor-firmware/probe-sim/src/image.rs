//! Images for boards that are not real, signed with a key that everybody may know.

use ed25519_compact::{KeyPair, Seed};
use sha2::{Digest, Sha256};
use trivet_wire::{Manifest, Slot};

/// Of the boards of QEMU and of the simulation. No board that is real may trust it.
pub const DEVELOPMENT_SEED: [u8; 32] = *b"trivet: a key that is no secret.";

/// The public key of [`DEVELOPMENT_SEED`], by which such boards know their images.
pub fn development_key() -> [u8; 32] {
    *KeyPair::from_seed(Seed::new(DEVELOPMENT_SEED)).pk
}

/// The manifest of an image for this model (at most 12 bytes), and its signature.
pub fn sign(seed: [u8; 32], model: &str, version: u32, slot: Slot, image: &[u8]) -> Option<(Manifest, [u8; 64])> {
    let hardware = Manifest::hardware_of(model)?;
    let length = u32::try_from(image.len()).ok()?;
    let manifest = Manifest { hardware, version, length, slot, sha256: Sha256::digest(image).into() };
    let signature = KeyPair::from_seed(Seed::new(seed)).sk.sign(manifest.to_bytes(), None);
    Some((manifest, *signature))
}
