//! A signed image as it lies in a file: manifest, signature, image ([`trivet_wire::update`]).

use ring::{digest, signature};
use trivet_wire::Manifest;

const SIGNATURE: usize = 64;

/// An image whose signature is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    manifest: Manifest,
    signature: [u8; SIGNATURE],
    bytes: Vec<u8>,
}

impl Image {
    /// Refuses, in words, what is not whole or not signed with this Ed25519 key.
    pub fn read(file: &[u8], key: &[u8; 32]) -> Result<Image, String> {
        let cut = || "the file is no firmware image, or not a whole one".to_owned();
        let (head, rest) = file.split_at_checked(Manifest::BYTES).ok_or_else(cut)?;
        let (signature, bytes) = rest.split_first_chunk::<SIGNATURE>().ok_or_else(cut)?;
        let manifest = Manifest::read(head).ok_or_else(cut)?;
        if usize::try_from(manifest.length) != Ok(bytes.len()) {
            return Err(cut());
        }
        signature::UnparsedPublicKey::new(&signature::ED25519, key)
            .verify(head, signature)
            .map_err(|_| "the image is not signed with the key that this box trusts".to_owned())?;
        if digest::digest(&digest::SHA256, bytes).as_ref() != manifest.sha256 {
            return Err("the image is not the one that was signed".to_owned());
        }
        Ok(Image { manifest, signature: *signature, bytes: bytes.to_vec() })
    }

    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    pub(super) fn signature(&self) -> &[u8] {
        &self.signature
    }

    pub(super) fn block(&self, n: u32) -> &[u8] {
        let begin = n as usize * trivet_wire::update::BLOCK;
        let end = (begin + trivet_wire::update::BLOCK).min(self.bytes.len());
        self.bytes.get(begin..end).unwrap_or_default()
    }
}
