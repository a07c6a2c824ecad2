//! Who is calling: access tokens, the one place where a read's permission is checked, and the brake on guessing.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError, mpsc};

use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::Output;
use argon2::{Algorithm, Argon2, Block, Params, PasswordHash, Version};
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::{Method, header, request::Parts};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use trivet_domain::{Permission, Proof, Rights, Role};
use trivet_log::Id;

use crate::{Actor, App, Problem};

/// An access token's life. There are no refresh tokens yet, so it is a shift's length.
pub const TOKEN_SECONDS: i64 = 12 * 3_600;
/// The life of a token that was got by PIN.
const PIN_TOKEN_SECONDS: i64 = 3_600;
/// Tries that were not right in fifteen minutes: for one login from one address, so that nobody locks a waiter out from
/// a guest's telephone; from one address; and for one login from all of them together, which brakes a guess that is
/// spread over many.
const MAX_MISSES_PER_PAIR: usize = 5;
const MAX_MISSES_PER_ADDRESS: usize = 20;
const MAX_MISSES_PER_LOGIN: usize = 50;
/// Logins that may wait for their password or PIN to be checked.
const MAX_WAITING_CHECKS: usize = 16;
const MISS_WINDOW_MS: i64 = 15 * 60_000;
/// Logins, addresses and pairs of them whose misses are remembered; past it the oldest is forgotten.
const MAX_REMEMBERED: usize = 10_000;

/// A person who has shown a valid token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    pub person: Id,
    pub rights: Rights,
    pub device: Id,
    /// When the token ends by which a password opened this screen, in seconds since 1970.
    opened_until: i64,
}

impl Caller {
    pub fn actor(&self) -> Actor {
        Actor { person: self.person, device: self.device, rights: Some(self.rights) }
    }

    pub fn may(&self, permission: Permission) -> bool {
        self.rights.may(permission)
    }
}

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: Id,
    role: Role,
    exp: i64,
    amr: Proof,
    opened_until: i64,
}

/// A JWT (RFC 7519) with HS256 and nothing else: the header is compared, not interpreted.
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

/// Locks that nobody has asked for yet; past it the oldest is forgotten.
const MAX_LOCKOUTS: usize = 64;

pub struct Auth {
    key: hmac::Key,
    misses: Mutex<HashMap<Counted, Vec<i64>>>,
    lockouts: Mutex<Lockouts>,
    /// One argon2 hash at a time, on a thread of its own: logins cannot eat the memory, and it is used again.
    hashing: mpsc::SyncSender<Check>,
}

impl Auth {
    pub fn new(secret: &[u8; 32]) -> Auth {
        Auth {
            key: hmac::Key::new(hmac::HMAC_SHA256, secret),
            misses: Mutex::default(),
            lockouts: Mutex::default(),
            hashing: start_hashing(),
        }
    }

    /// For who gave their password.
    pub fn token(&self, person: Id, role: Role, now_ms: i64) -> String {
        let exp = now_ms / 1_000 + TOKEN_SECONDS;
        self.sign(&Claims { sub: person, role, exp, amr: Proof::Password, opened_until: exp })
    }

    /// For who gave their PIN at a screen that `opener` has; with its life in seconds. However often a screen changes
    /// hands, it ends with the password's token that opened it.
    pub fn hand_over(&self, opener: &Caller, person: Id, role: Role, now_ms: i64) -> (String, i64) {
        let now = now_ms / 1_000;
        let (opened_until, amr) = (opener.opened_until, Proof::Pin);
        let exp = opened_until.min(now + PIN_TOKEN_SECONDS);
        (self.sign(&Claims { sub: person, role, exp, amr, opened_until }), exp - now)
    }

    fn sign(&self, claims: &Claims) -> String {
        let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims).unwrap_or_default());
        let signed = format!("{HEADER}.{payload}");
        let tag = URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, signed.as_bytes()));
        format!("{signed}.{tag}")
    }

    pub fn check(&self, token: &str, now_ms: i64) -> Option<Caller> {
        let (signed, tag) = token.rsplit_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        hmac::verify(&self.key, signed.as_bytes(), &tag).ok()?;
        let payload = signed.strip_prefix(HEADER)?.strip_prefix('.')?;
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        let Claims { sub, role, exp, amr, opened_until } = claims;
        let rights = Rights { role, proof: amr };
        (exp > now_ms / 1_000).then_some(Caller { person: sub, rights, device: Id::NIL, opened_until })
    }

    /// Checks a password or a PIN against an argon2id hash; without a hash it takes the same time and fails. None: too
    /// many others are waiting.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Option<bool> {
        let (answer, answered) = oneshot::channel();
        self.hashing.try_send(Check { password, hash, answer }).ok()?;
        answered.await.ok()
    }

    /// Counts a try of this login from this address, before its password or PIN is looked at. Err: how many seconds to
    /// wait.
    pub fn try_once(&self, login: &str, address: IpAddr, now_ms: i64) -> Result<(), i64> {
        let mut misses = self.misses.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, most) in keys(login, address) {
            let Some(times) = misses.get_mut(&key) else { continue };
            times.retain(|at| now_ms - at < MISS_WINDOW_MS);
            if times.len() >= most {
                let oldest = times.first().copied().unwrap_or(now_ms);
                self.note_lockout(key, login, address, now_ms);
                return Err(((oldest + MISS_WINDOW_MS - now_ms) / 1_000).max(1));
            }
        }
        for (key, _) in keys(login, address) {
            misses.entry(key).or_default().push(now_ms);
        }
        while misses.len() > MAX_REMEMBERED {
            let oldest = misses.iter().min_by_key(|(_, times)| times.last()).map(|(key, _)| key.clone());
            oldest.map(|key| misses.remove(&key));
        }
        Ok(())
    }

    fn note_lockout(&self, key: Counted, login: &str, address: IpAddr, at_ms: i64) {
        let mut lockouts = self.lockouts.lock().unwrap_or_else(PoisonError::into_inner);
        lockouts.told.retain(|_, told_ms| at_ms - *told_ms < MISS_WINDOW_MS);
        if lockouts.told.contains_key(&key) || lockouts.told.len() >= MAX_REMEMBERED {
            return;
        }
        let what = match key {
            Counted::Pair(..) => Locked::Pair,
            Counted::Address(_) => Locked::Address,
            Counted::Login(_) => Locked::Login,
        };
        lockouts.told.insert(key, at_ms);
        if lockouts.waiting.len() == MAX_LOCKOUTS {
            lockouts.waiting.pop_front();
        }
        lockouts.waiting.push_back(Lockout { what, login: login.to_owned(), address, at_ms });
    }

    /// The locks that somebody ran into since this was asked last, each once however often it was tried.
    pub fn lockouts(&self) -> Vec<Lockout> {
        self.lockouts.lock().unwrap_or_else(PoisonError::into_inner).waiting.drain(..).collect()
    }

    /// The try was right: it does not count.
    pub fn succeeded(&self, login: &str, address: IpAddr) {
        let mut misses = self.misses.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, _) in keys(login, address) {
            misses.get_mut(&key).map(Vec::pop);
        }
    }
}

/// Too many tries were wrong, and another one came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lockout {
    pub what: Locked,
    /// As it was typed: it may be anything, and stands in no record.
    pub login: String,
    pub address: IpAddr,
    pub at_ms: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locked {
    /// A login from one address.
    Pair,
    Address,
    /// A login from everywhere.
    Login,
}

#[derive(Default)]
struct Lockouts {
    waiting: VecDeque<Lockout>,
    /// When each was told of.
    told: HashMap<Counted, i64>,
}

struct Check {
    password: String,
    hash: Option<String>,
    answer: oneshot::Sender<bool>,
}

fn start_hashing() -> mpsc::SyncSender<Check> {
    let (checks, waiting) = mpsc::sync_channel::<Check>(MAX_WAITING_CHECKS);
    let run = move || {
        // Taken once and used again for every password.
        let mut memory: Vec<Block> = Vec::new();
        let nobody = hash_password("").unwrap_or_default();
        while let Ok(Check { password, hash, answer }) = waiting.recv() {
            // Nobody waits any more: a stream of broken connections costs nothing.
            if answer.is_closed() {
                continue;
            }
            // Who is not known costs the same time, and is never right.
            let known = hash.is_some();
            let right = is_right(&password, hash.as_deref().unwrap_or(&nobody), &mut memory).unwrap_or(false);
            answer.send(known && right).unwrap_or_default();
        }
    };
    if let Err(error) = std::thread::Builder::new().name("hashing".into()).spawn(run) {
        tracing::error!(%error, "nobody can log in: the hashing thread does not start");
    }
    checks
}

fn is_right(password: &str, hash: &str, memory: &mut Vec<Block>) -> Option<bool> {
    let parsed = PasswordHash::new(hash).ok()?;
    let params = Params::try_from(&parsed).ok()?;
    let (salt, expected) = (parsed.salt?, parsed.hash?);
    memory.resize(params.block_count(), Block::default());
    let mut out = vec![0; expected.as_bytes().len()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into_with_memory(password.as_bytes(), &salt, &mut out, memory.as_mut_slice()).ok()?;
    // Compared in constant time.
    Some(Output::new(&out).ok()? == expected)
}

/// What misses are counted for.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Counted {
    Pair(String, IpAddr),
    Address(IpAddr),
    Login(String),
}

/// Each with how many it may have.
fn keys(login: &str, address: IpAddr) -> [(Counted, usize); 3] {
    [
        (Counted::Pair(login.to_owned(), address), MAX_MISSES_PER_PAIR),
        (Counted::Address(address), MAX_MISSES_PER_ADDRESS),
        (Counted::Login(login.to_owned()), MAX_MISSES_PER_LOGIN),
    ]
}

/// argon2id of 7 MiB and five passes, in the PHC string format. OWASP's Password Storage Cheat Sheet has it beside 19 MiB
/// and two passes as equally strong; the smaller memory stays taken on a box that has little.
pub fn hash_password(password: &str) -> anyhow::Result<String> {
    let salt: [u8; 16] = crate::sealing::random();
    let hashed = || {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(7 * 1_024, 5, 1, None)?);
        Ok(argon2.hash_password_with_salt(password.as_bytes(), &salt)?.to_string())
    };
    hashed().map_err(|error: argon2::password_hash::Error| anyhow::anyhow!("argon2: {error}"))
}

/// What no module answers: 404, for who is logged in.
pub const UNKNOWN: &str = "/api/{*rest}";

/// Routes that need no token.
const OPEN: &[&str] = &["/api/v1/auth/login", "/api/v1/live"];

/// In front of every API route: no token, 401; a read that the person may not, 403. Writes are checked in `submit`.
pub async fn guard(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()).unwrap_or_default();
    if OPEN.contains(&path.as_str()) || !path.starts_with("/api/") {
        return next.run(request).await;
    }
    let bearer = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = bearer.and_then(|text| text.strip_prefix("Bearer "));
    let Some(mut caller) = token.and_then(|token| app.auth.check(token, app.wall.now_ms())) else {
        return Problem::unauthorized().into_response();
    };
    let device = request.headers().get("x-trivet-device").and_then(|value| value.to_str().ok());
    caller.device = device.and_then(|text| text.parse().ok()).unwrap_or(Id::NIL);
    if path == UNKNOWN {
        return next.run(request).await;
    }
    let reading = request.method() == Method::GET || request.method() == Method::HEAD;
    if reading && !may_read(&app, caller, &path) {
        return Problem::forbidden().into_response();
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

fn may_read(app: &App, caller: Caller, path: &str) -> bool {
    let reads = app.modules.iter().flat_map(|module| module.reads).chain(READS);
    reads.into_iter().find(|read| read.path == path).is_some_and(|read| caller.may(read.permission))
}

/// The runtime's own reads.
pub const READS: &[crate::Read] = &[
    crate::Read { path: "/api/v1/live/poll", permission: Permission::MenuRead },
    crate::Read { path: "/api/v1/auth/me", permission: Permission::MenuRead },
];

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Caller, Problem> {
        parts.extensions.get::<Caller>().copied().ok_or_else(Problem::unauthorized)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_790_000_000_000;

    #[test]
    fn a_token_holds_until_it_expires_and_only_untouched() {
        let auth = Auth::new(&[1; 32]);
        let person = Id::from_bytes([9; 16]);
        let by_password = Rights { role: Role::Cook, proof: Proof::Password };
        let token = auth.token(person, Role::Cook, NOW);
        assert_eq!(auth.check(&token, NOW).map(|c| (c.person, c.rights)), Some((person, by_password)));
        assert_eq!(auth.check(&token, NOW + TOKEN_SECONDS * 1_000), None);
        assert_eq!(Auth::new(&[2; 32]).check(&token, NOW), None);
        let unsigned = token.replace(HEADER, &URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#));
        assert_eq!(auth.check(&unsigned, NOW), None);
        assert_eq!(auth.check("test-token", NOW), None);
    }

    #[test]
    fn a_screen_that_changes_hands_by_pin_ends_with_the_password_s_token() {
        let auth = Auth::new(&[1; 32]);
        let (waiter, owner) = (Id::from_bytes([9; 16]), Id::from_bytes([8; 16]));
        let end = NOW + TOKEN_SECONDS * 1_000;
        let mut opener = auth.check(&auth.token(waiter, Role::Waiter, NOW), NOW).unwrap();
        for (at, life) in [(NOW, 3_600), (end - 3_600_000, 3_600), (end - 60_000, 60)] {
            let (token, seconds) = auth.hand_over(&opener, owner, Role::Owner, at);
            let caller = auth.check(&token, at).unwrap();
            assert_eq!((seconds, caller.person, caller.rights.proof), (life, owner, Proof::Pin));
            assert_eq!(auth.check(&token, at + seconds * 1_000), None);
            assert!(caller.may(Permission::MenuWrite) && !caller.may(Permission::SettingsWrite));
            let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
            assert!(String::from_utf8(payload).unwrap().contains(r#""amr":"pin""#));
            opener = caller;
        }
    }

    #[test]
    fn a_password_is_right_or_wrong() {
        let hash = hash_password("correct horse").unwrap();
        let mut memory = Vec::new();
        for (password, right) in [("correct horse", true), ("correct horsf", false), ("", false)] {
            assert_eq!(is_right(password, &hash, &mut memory), Some(right), "{password}");
        }
        assert_eq!(is_right("correct horse", "no hash", &mut memory), None);
    }

    #[test]
    fn guessing_is_braked_and_locks_nobody_else_out() {
        let auth = Auth::new(&[1; 32]);
        let from = |n: u8| IpAddr::from([10, 0, 0, n]);
        let guess = |login: &str, n: u8| auth.try_once(login, from(n), NOW);
        assert!((0..5).all(|_| guess("ann", 7).is_ok()));
        assert_eq!(auth.lockouts(), []);
        assert_eq!((guess("ann", 7), guess("ann", 7)), (Err(900), Err(900)));
        let lockout = Lockout { what: Locked::Pair, login: "ann".into(), address: from(7), at_ms: NOW };
        assert_eq!(auth.lockouts(), [lockout], "told of once, however often it is tried");
        assert_eq!(auth.lockouts(), []);
        assert_eq!(guess("ann", 8), Ok(()), "a guest's telephone locks nobody out at the till");
        auth.succeeded("ann", from(8));
        assert_eq!(guess("bob", 7), Ok(()));
        auth.succeeded("bob", from(7));
        assert!((0..5).all(|_| guess("bob", 7).is_ok()));
        assert_eq!(auth.try_once("ann", from(7), NOW + MISS_WINDOW_MS), Ok(()));
    }

    #[test]
    fn guessing_of_many_logins_from_one_address_is_braked() {
        let auth = Auth::new(&[1; 32]);
        let outcomes: Vec<bool> =
            (0..30).map(|n| auth.try_once(&format!("login {n}"), [10, 0, 0, 7].into(), NOW).is_ok()).collect();
        assert_eq!(outcomes.iter().filter(|allowed| **allowed).count(), MAX_MISSES_PER_ADDRESS);
        assert_eq!(auth.try_once("login 0", [10, 0, 0, 8].into(), NOW), Ok(()));
    }

    #[test]
    fn guessing_of_one_login_from_many_addresses_is_braked() {
        let auth = Auth::new(&[1; 32]);
        let allowed = (0..=255u8).filter(|n| auth.try_once("ann", [10, 0, 0, *n].into(), NOW).is_ok()).count();
        assert_eq!(allowed, MAX_MISSES_PER_LOGIN);
        assert_eq!(auth.try_once("ann", [10, 0, 1, 0].into(), NOW), Err(900));
        assert_eq!(auth.try_once("bob", [10, 0, 1, 0].into(), NOW), Ok(()));
    }
}
