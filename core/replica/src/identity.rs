//! A replica's identity, and how another one is enrolled.
//!
//! The first box makes the tenant's root key. Every other replica is certified by the root, by a one-time code that is
//! made at the box that has it and carried by a person: `code = base32(root fingerprint ‖ secret)`. The relay passes
//! request and answer on; it sees a hash of the secret and so can put in no key of its own.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use minicbor::{Decode, Encode};
use ring::digest::{SHA256, digest};
use ring::hmac;
use ring::signature::{Ed25519KeyPair, KeyPair};
use trivet_log::{Certificate, Origin, ReplicaKind};

use crate::sealing::{self, SecretKey, new_id, random};

/// Kept in a file of its own (mode 0600), apart from the database: the database can be rebuilt, a key cannot.
#[derive(Clone, Encode, Decode)]
pub struct Identity {
    #[n(0)]
    pub certificate: Certificate,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    key_seed: Vec<u8>,
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    pub root_public_key: Vec<u8>,
    /// Only where the root was made.
    #[n(3)]
    #[cbor(with = "minicbor::bytes")]
    root_seed: Option<Vec<u8>>,
    /// Wraps the keys of persons.
    #[n(4)]
    #[cbor(with = "minicbor::bytes")]
    pub tenant_key: SecretKey,
    /// Signs this replica's access tokens.
    #[n(5)]
    #[cbor(with = "minicbor::bytes")]
    pub token_secret: SecretKey,
}

impl Identity {
    /// The first box of a new tenant: makes the root.
    pub fn found(now_ms: i64) -> Identity {
        let (root_seed, key_seed): (SecretKey, SecretKey) = (random(), random());
        let root = key_pair(&root_seed);
        let certificate = Certificate {
            tenant: new_id(now_ms),
            location: new_id(now_ms),
            kind: ReplicaKind::Box,
            letter: "A".to_owned(),
            public_key: key_pair(&key_seed).public_key().as_ref().to_vec(),
            incarnation: 1,
            signature: Vec::new(),
        };
        Identity {
            certificate: certificate.signed(&root),
            key_seed: key_seed.to_vec(),
            root_public_key: root.public_key().as_ref().to_vec(),
            root_seed: Some(root_seed.to_vec()),
            tenant_key: random(),
            token_secret: random(),
        }
    }

    pub fn origin(&self) -> Origin {
        self.certificate.origin()
    }

    pub fn key(&self) -> Ed25519KeyPair {
        key_pair(&self.key_seed)
    }

    pub fn root(&self) -> Option<Ed25519KeyPair> {
        self.root_seed.as_deref().map(key_pair)
    }

    pub fn load(data: &Path) -> anyhow::Result<Option<Identity>> {
        let path = data.join("identity");
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let identity: Identity = minicbor::decode(&bytes).with_context(|| format!("{} is damaged", path.display()))?;
        ensure!(identity.certificate.is_signed_by(&identity.root_public_key), "the certificate is not the root's");
        Ok(Some(identity))
    }

    /// Durable before it returns; refuses to overwrite another identity.
    pub fn save(&self, data: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(data)?;
        let path = data.join("identity");
        ensure!(!path.exists(), "{} exists already: this folder belongs to a replica", path.display());
        let part = data.join("identity.part");
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
        file.write_all(&trivet_log::entry::encode(self))?;
        file.sync_all()?;
        fs::rename(&part, &path)?;
        fs::File::open(data)?.sync_all()?;
        Ok(())
    }
}

fn key_pair(seed: &[u8]) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(seed).expect("a seed of 32 bytes")
}

/// A one-time code: 64 bits of the root's fingerprint and a secret of 128 bits.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolmentCode {
    root: [u8; 8],
    secret: [u8; 16],
}

const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

impl EnrolmentCode {
    pub fn new(root_public_key: &[u8]) -> EnrolmentCode {
        EnrolmentCode { root: fingerprint(root_public_key), secret: random() }
    }

    /// What the relay files the request under: it tells nothing of the secret.
    pub fn hash(&self) -> String {
        hex(digest(&SHA256, &[&b"trivet enrolment"[..], &self.secret].concat()).as_ref())
    }

    pub fn to_text(&self) -> String {
        let bytes = [&self.root[..], &self.secret[..]].concat();
        let bits = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect::<Vec<u8>>();
        let letters: Vec<u8> = bits
            .chunks(5)
            .map(|chunk| chunk.iter().fold(0usize, |n, bit| n << 1 | usize::from(*bit)) << (5 - chunk.len()))
            .filter_map(|index| ALPHABET.get(index).copied())
            .collect();
        letters.chunks(5).map(String::from_utf8_lossy).collect::<Vec<_>>().join("-")
    }

    pub fn parse(text: &str) -> anyhow::Result<EnrolmentCode> {
        let mut bits: Vec<u8> = Vec::new();
        for letter in text.bytes().filter(|b| b.is_ascii_alphanumeric()) {
            let upper = letter.to_ascii_uppercase();
            let Some(index) = ALPHABET.iter().position(|known| *known == upper) else {
                bail!("`{}` does not occur in an enrolment code", char::from(letter));
            };
            bits.extend((0..5).rev().map(|bit| (index >> bit & 1) as u8));
        }
        let bytes: Vec<u8> = bits.chunks_exact(8).map(|c| c.iter().fold(0, |n, bit| n << 1 | bit)).collect();
        let (root, secret) = bytes.split_at_checked(8).context("an enrolment code has 39 letters")?;
        Ok(EnrolmentCode {
            root: root.try_into()?,
            secret: secret.try_into().context("an enrolment code has 39 letters")?,
        })
    }

    fn mac(&self, what: &str, body: &[u8]) -> Vec<u8> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.secret);
        hmac::sign(&key, &[what.as_bytes(), body].concat()).as_ref().to_vec()
    }

    fn check(&self, what: &str, body: &[u8], mac: &[u8]) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.secret);
        hmac::verify(&key, &[what.as_bytes(), body].concat(), mac).is_ok()
    }

    fn wrapping_key(&self) -> SecretKey {
        let derived = self.mac("wrapping key", &[]);
        derived.try_into().expect("HMAC-SHA-256 gives 32 bytes")
    }
}

/// A new replica's request: its public key, under the code's MAC.
#[derive(Clone, Encode, Decode)]
pub struct EnrolmentRequest {
    #[n(0)]
    pub kind: ReplicaKind,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub public_key: Vec<u8>,
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    pub mac: Vec<u8>,
}

/// The root's answer: the certificate, and the tenant's key under the code's.
#[derive(Clone, Encode, Decode)]
pub struct EnrolmentAnswer {
    #[n(0)]
    pub certificate: Certificate,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub root_public_key: Vec<u8>,
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    pub tenant_key: Vec<u8>,
    #[n(3)]
    #[cbor(with = "minicbor::bytes")]
    pub mac: Vec<u8>,
}

/// The key of a replica that asks to be enrolled; becomes its identity with the answer.
pub struct Applicant {
    key_seed: SecretKey,
    kind: ReplicaKind,
}

impl Applicant {
    pub fn new(kind: ReplicaKind) -> Applicant {
        Applicant { key_seed: random(), kind }
    }

    pub fn request(&self, code: &EnrolmentCode) -> EnrolmentRequest {
        let public_key = key_pair(&self.key_seed).public_key().as_ref().to_vec();
        let mac = code.mac("request", &[&[self.kind as u8], &public_key[..]].concat());
        EnrolmentRequest { kind: self.kind, public_key, mac }
    }

    pub fn accept(self, code: &EnrolmentCode, answer: EnrolmentAnswer) -> anyhow::Result<Identity> {
        ensure!(fingerprint(&answer.root_public_key) == code.root, "the answer is from another root than the code");
        ensure!(code.check("answer", &answer_bytes(&answer), &answer.mac), "the answer was not made with this code");
        ensure!(answer.certificate.is_signed_by(&answer.root_public_key), "the certificate is not signed by the root");
        ensure!(
            answer.certificate.public_key == key_pair(&self.key_seed).public_key().as_ref(),
            "the certificate is for another key"
        );
        let tenant_key = sealing::open(&code.wrapping_key(), b"tenant key", &answer.tenant_key)
            .and_then(|key| key.try_into().ok())
            .context("the tenant's key does not open with this code")?;
        Ok(Identity {
            certificate: answer.certificate,
            key_seed: self.key_seed.to_vec(),
            root_public_key: answer.root_public_key,
            root_seed: None,
            tenant_key,
            token_secret: random(),
        })
    }
}

/// Certifies an applicant, at the box that has the root.
pub fn certify(
    identity: &Identity,
    code: &EnrolmentCode,
    request: &EnrolmentRequest,
    letter: String,
) -> anyhow::Result<EnrolmentAnswer> {
    let root = identity.root().context("this box does not have the tenant's root key")?;
    let asked = [&[request.kind as u8], &request.public_key[..]].concat();
    ensure!(code.check("request", &asked, &request.mac), "the request was not made with this code");
    let certificate = Certificate {
        tenant: identity.certificate.tenant,
        location: identity.certificate.location,
        kind: request.kind,
        letter,
        public_key: request.public_key.clone(),
        incarnation: 1,
        signature: Vec::new(),
    }
    .signed(&root);
    let mut answer = EnrolmentAnswer {
        certificate,
        root_public_key: identity.root_public_key.clone(),
        tenant_key: sealing::seal(&code.wrapping_key(), b"tenant key", &identity.tenant_key),
        mac: Vec::new(),
    };
    answer.mac = code.mac("answer", &answer_bytes(&answer));
    Ok(answer)
}

fn answer_bytes(answer: &EnrolmentAnswer) -> Vec<u8> {
    trivet_log::entry::encode(&EnrolmentAnswer { mac: Vec::new(), ..answer.clone() })
}

fn fingerprint(public_key: &[u8]) -> [u8; 8] {
    let hash = digest(&SHA256, public_key);
    let mut short = [0; 8];
    short.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
    short
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A, B, … Z, AA, AB, …: what the n-th replica's order numbers begin with.
pub fn letter(mut n: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(b'A' + (n % 26) as u8);
        if n < 26 {
            break;
        }
        n = n / 26 - 1;
    }
    letters.iter().rev().map(|byte| char::from(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_box_is_certified_by_the_code_alone() {
        let first = Identity::found(1_790_000_000_000);
        let code = EnrolmentCode::new(&first.root_public_key);
        let typed = EnrolmentCode::parse(&code.to_text().to_lowercase()).unwrap();
        let applicant = Applicant::new(ReplicaKind::Box);
        let request = applicant.request(&typed);
        let answer = certify(&first, &code, &request, letter(1)).unwrap();
        let second = applicant.accept(&typed, answer).unwrap();
        assert_eq!(second.tenant_key, first.tenant_key);
        assert_eq!(second.certificate.letter, "B");
        assert!(second.root().is_none());
    }

    #[test]
    fn a_relay_that_puts_in_its_own_key_is_found_out() {
        let first = Identity::found(1_790_000_000_000);
        let code = EnrolmentCode::new(&first.root_public_key);
        let mut request = Applicant::new(ReplicaKind::Box).request(&code);
        request.public_key = Identity::found(0).certificate.public_key;
        assert!(certify(&first, &code, &request, letter(1)).is_err());
        let evil = Identity::found(0);
        let applicant = Applicant::new(ReplicaKind::Box);
        let answer = certify(&evil, &code, &applicant.request(&code), letter(1)).unwrap();
        assert!(applicant.accept(&code, answer).is_err());
    }

    #[test]
    fn letters_go_on_after_z() {
        assert_eq!([0, 1, 25, 26, 27, 702].map(letter), ["A", "B", "Z", "AA", "AB", "AAA"]);
    }
}
