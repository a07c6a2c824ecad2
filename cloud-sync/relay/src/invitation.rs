//! Invitations: who may bring a tenant to this relay. Kept as hashes; each works once.

use std::path::Path;

use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

use crate::store::Store;

#[expect(clippy::print_stdout, reason = "the invitation is what this command is for")]
pub(crate) fn invite(data: &Path) -> anyhow::Result<()> {
    let mut bytes = [0u8; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| anyhow::anyhow!("no random bytes"))?;
    let text = hex(&bytes);
    Store::open(data)?.add_invitation(&hash(&text))?;
    println!("{text}");
    Ok(())
}

pub(crate) fn hash(invitation: &str) -> String {
    hex(digest(&SHA256, invitation.as_bytes()).as_ref())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
