//! What is personal lies in the log as AES-256-GCM under a key of the person's own, and that key lies beside the log,
//! wrapped by the tenant's key, which the relay never has. Dropping the key erases the person on every replica.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use trivet_log::Id;

pub type SecretKey = [u8; 32];

pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A new UUIDv7.
pub fn new_id(now_ms: i64) -> Id {
    Id::at(u64::try_from(now_ms).unwrap_or(0), random())
}

fn cipher(key: &SecretKey) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("a key of 32 bytes"))
}

/// `nonce ‖ ciphertext ‖ tag`, bound to `about`.
pub fn seal(key: &SecretKey, about: &[u8], plain: &[u8]) -> Vec<u8> {
    let nonce: [u8; NONCE_LEN] = random();
    let mut body = plain.to_vec();
    cipher(key)
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(about), &mut body)
        .expect("a text far below the limit of AES-GCM");
    let mut sealed = nonce.to_vec();
    sealed.extend(body);
    sealed
}

/// None if the key is another one or the bytes were touched.
pub fn open(key: &SecretKey, about: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, body) = sealed.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut body = body.to_vec();
    let plain = cipher(key).open_in_place(nonce, Aad::from(about), &mut body).ok()?;
    Some(plain.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_with_the_same_key_for_the_same_thing_only() {
        let (key, other) = (random(), random());
        let sealed = seal(&key, b"ann", b"argon2id");
        assert_eq!(open(&key, b"ann", &sealed).as_deref(), Some(&b"argon2id"[..]));
        assert_eq!(open(&other, b"ann", &sealed), None);
        assert_eq!(open(&key, b"bob", &sealed), None);
        assert_eq!(open(&key, b"ann", &sealed[..5]), None);
    }
}
