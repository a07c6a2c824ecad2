//! Who may connect to the broker and say and hear what, from the configuration: mosquitto's files, or the accounts of the
//! embedded broker. Each device has an account of its own with a password that is made here, and may write its own topics
//! and nothing else.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine};
use ring::pbkdf2::{PBKDF2_HMAC_SHA512, derive, verify};
use trivet_drivers::broker;
use trivet_drivers::broker::topics::Rules;

use crate::config::{Account, Mqtt};
use crate::files;

/// Mosquitto's own tool makes 101 rounds; passwords that are made here have 144 bits, one that a person chose has not.
const ROUNDS: NonZeroU32 = NonZeroU32::new(5_000).expect("it is not zero");
const SALT: usize = 12;
const HASH: usize = 64;
pub(crate) const MOST_ACCOUNTS: usize = 200;
const MOST_TOPICS: usize = 32;

/// The box writes what it tells devices; the buzzer is there.
const OF_THE_BOX: &str = "trivet/#";

/// Where mosquitto's parts are.
struct Files {
    passwords: PathBuf,
    acl: PathBuf,
    conf: PathBuf,
}

/// Those of the embedded broker, by the same rules as mosquitto's. Where no device has an account, the box's own is for
/// all of them, and for every topic.
pub(crate) fn accounts(mqtt: &Mqtt) -> anyhow::Result<Vec<broker::Account>> {
    check(mqtt)?;
    let account = |name: &str, password, rules| broker::Account { name: name.to_owned(), password, rules };
    let of_box = password(&mqtt.password_file)?;
    if mqtt.accounts.is_empty() {
        return Ok(vec![account(&mqtt.user, of_box, Rules::default())]);
    }
    let folder = mqtt.broker_files.as_deref();
    let folder =
        folder.context("accounts of the embedded broker want `broker_files`, the folder of their passwords")?;
    let mut all = vec![account(&mqtt.user, of_box, Rules { write: Some(vec![OF_THE_BOX.to_owned()]), read: None })];
    for (of, (_, password)) in mqtt.accounts.iter().zip(passwords(mqtt, folder)?) {
        all.push(account(
            &of.name,
            password,
            Rules { write: Some(of.publish.clone()), read: Some(of.subscribe.clone()) },
        ));
    }
    Ok(all)
}

/// Writes `passwords`, `acl` and `trivet.conf` into the folder, and a device's password into `accounts/NAME`. What is
/// there already and still right stays as it is. The answer says whether anything changed: mosquitto reads its files at
/// SIGHUP.
pub(crate) fn write(mqtt: &Mqtt, folder: &Path) -> anyhow::Result<bool> {
    check(mqtt)?;
    let files =
        Files { passwords: folder.join("passwords"), acl: folder.join("acl"), conf: folder.join("trivet.conf") };
    let mut passwords = passwords(mqtt, folder)?;
    passwords.insert(0, (mqtt.user.clone(), password(&mqtt.password_file)?));
    let before = std::fs::read_to_string(&files.passwords).unwrap_or_default();
    let mut changed = replace(&files.passwords, &password_file(&before, &passwords), 0o640)?;
    changed |= replace(&files.acl, &acl(mqtt), 0o644)?;
    changed |= replace(&files.conf, &conf(mqtt, &files), 0o644)?;
    if changed {
        tracing::info!(folder = %folder.display(), "the broker's files have changed: mosquitto reads them at SIGHUP");
    }
    Ok(changed)
}

/// A name or topic with a line end in it would be another line of mosquitto's.
fn check(mqtt: &Mqtt) -> anyhow::Result<()> {
    ensure!(mqtt.accounts.len() <= MOST_ACCOUNTS, "a broker has at most {MOST_ACCOUNTS} accounts");
    let name = |name: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let is_name = (1..=64).contains(&name.len()) && name.chars().all(plain) && !name.starts_with('.');
        ensure!(is_name, "`{name}` is no name of an account: 1 to 64 letters, digits, - _ .");
        Ok(())
    };
    name(&mqtt.user)?;
    let mut known = vec![mqtt.user.as_str()];
    for Account { name: of, publish, subscribe } in &mqtt.accounts {
        name(of)?;
        ensure!(!known.contains(&of.as_str()), "there are two accounts called {of}");
        known.push(of);
        ensure!(publish.len() + subscribe.len() <= MOST_TOPICS, "account {of}: at most {MOST_TOPICS} topics");
        publish
            .iter()
            .chain(subscribe)
            .try_for_each(|filter| filter_is_right(filter).context(format!("account {of}")))?;
    }
    Ok(())
}

/// A filter as in MQTT 3.1.1, 4.7, that names at least something: `#` alone would be everything.
fn filter_is_right(filter: &str) -> anyhow::Result<()> {
    let levels: Vec<&str> = filter.split('/').collect();
    let wrong = |why: &str| bail!("`{filter}` is no topic of a device: {why}");
    if filter.is_empty() || filter.len() > 200 || filter.chars().any(char::is_control) || filter.trim() != filter {
        return wrong("1 to 200 characters");
    }
    if filter.starts_with('$') || matches!(levels.first(), Some(&("#" | "+"))) {
        return wrong("it must begin with a level of its own");
    }
    for (at, level) in levels.iter().enumerate() {
        let is_last = at + 1 == levels.len();
        if level.contains(['#', '+']) && level.len() > 1 || *level == "#" && !is_last {
            return wrong("# and + stand for whole levels, # for the last");
        }
    }
    Ok(())
}

/// By account, the password in `accounts/NAME` of the folder.
fn passwords(mqtt: &Mqtt, folder: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let folder = folder.join("accounts");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700))?;
    let of = |account: &Account| Ok((account.name.clone(), password(&folder.join(&account.name))?));
    mqtt.accounts.iter().map(of).collect()
}

/// The password in a file; one that is made and written there, if there is none.
fn password(path: &Path) -> anyhow::Result<String> {
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let text = text.trim().to_owned();
            ensure!(!text.is_empty(), "{} is empty", path.display());
            Ok(text)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let made = BASE64_URL_SAFE_NO_PAD.encode(trivet_replica::sealing::random::<18>());
            replace(path, &format!("{made}\n"), 0o600)?;
            Ok(made)
        }
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Mosquitto's password file: `NAME:$7$ROUNDS$SALT$HASH`, PBKDF2 with HMAC-SHA-512 (mosquitto_passwd(1), "$7$"; salt of
/// 12 and hash of 64 bytes, both in base64). A line that fits its password is kept, so that nothing changes for nothing.
fn password_file(before: &str, passwords: &[(String, String)]) -> String {
    let known: BTreeMap<&str, &str> = before.lines().filter_map(|line| line.split_once(':')).collect();
    let mut text = String::new();
    for (name, password) in passwords {
        let kept = known.get(name.as_str()).filter(|hash| fits(hash, password)).map(|hash| (*hash).to_owned());
        let hash = kept.unwrap_or_else(|| hash_of(password, trivet_replica::sealing::random()));
        text.push_str(&format!("{name}:{hash}\n"));
    }
    text
}

fn hash_of(password: &str, salt: [u8; SALT]) -> String {
    let mut hash = [0; HASH];
    derive(PBKDF2_HMAC_SHA512, ROUNDS, &salt, password.as_bytes(), &mut hash);
    format!("$7${ROUNDS}${}${}", BASE64_STANDARD.encode(salt), BASE64_STANDARD.encode(hash))
}

fn fits(line: &str, password: &str) -> bool {
    let mut parts = line.trim().split('$').skip(1);
    let mut next = || parts.next().unwrap_or_default();
    let (kind, rounds, salt, hash) = (next(), next(), next(), next());
    let decoded = BASE64_STANDARD.decode(salt).ok().zip(BASE64_STANDARD.decode(hash).ok());
    let (Ok(rounds), Some((salt, hash))) = (rounds.parse::<NonZeroU32>(), decoded) else { return false };
    let ours = kind == "7" && rounds == ROUNDS && salt.len() == SALT && hash.len() == HASH;
    ours && verify(PBKDF2_HMAC_SHA512, rounds, &salt, password.as_bytes(), &hash).is_ok()
}

/// What is not allowed here is refused (mosquitto.conf(5), `acl_file`): a device reads nothing but its commands, and
/// nobody reads anything without an account.
fn acl(mqtt: &Mqtt) -> String {
    let mut text = format!("user {}\ntopic read #\ntopic write {OF_THE_BOX}\n", mqtt.user);
    for account in &mqtt.accounts {
        text.push_str(&format!("\nuser {}\n", account.name));
        for filter in &account.publish {
            text.push_str(&format!("topic write {filter}\n"));
        }
        for filter in &account.subscribe {
            text.push_str(&format!("topic read {filter}\n"));
        }
    }
    text
}

fn conf(mqtt: &Mqtt, files: &Files) -> String {
    let listen = mqtt.listen.as_deref().unwrap_or(&mqtt.host);
    format!(
        "# Written by trivet from its configuration; include_dir the folder, or copy it to /etc/mosquitto/conf.d.\n\
         listener {} {listen}\n\
         allow_anonymous false\n\
         password_file {}\n\
         acl_file {}\n\
         message_size_limit 65536\n\
         max_connections 256\n\
         max_inflight_messages 100\n\
         max_queued_messages 10000\n",
        mqtt.port,
        files.passwords.display(),
        files.acl.display()
    )
}

/// Writes a file as a whole or not at all. False: it was so already.
fn replace(path: &Path, text: &str, mode: u32) -> anyhow::Result<bool> {
    if std::fs::read_to_string(path).is_ok_and(|before| before == text) {
        return Ok(false);
    }
    files::write_for(path, text.as_bytes(), mode).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mqtt(text: &str) -> Mqtt {
        let text = format!("host = \"127.0.0.1\"\nport = 1883\nuser = \"box\"\npassword_file = \"x\"\n{text}");
        toml::from_str(&text).unwrap()
    }

    #[test]
    fn a_device_writes_its_own_topics_and_reads_its_commands() {
        let mqtt = mqtt(
            "[[account]]\nname = \"walk-in\"\npublish = [\"trivet/probe/walk-in\", \"trivet/probe/walk-in/status\"]\n\
             [[account]]\nname = \"z2m\"\npublish = [\"zigbee2mqtt/#\"]\nsubscribe = [\"zigbee2mqtt/+/set\"]\n",
        );
        check(&mqtt).unwrap();
        let expected = "user box\ntopic read #\ntopic write trivet/#\n\n\
            user walk-in\ntopic write trivet/probe/walk-in\ntopic write trivet/probe/walk-in/status\n\n\
            user z2m\ntopic write zigbee2mqtt/#\ntopic read zigbee2mqtt/+/set\n";
        assert_eq!(acl(&mqtt), expected);
    }

    #[test]
    fn what_would_open_more_than_it_says_is_refused() {
        for (text, word) in [
            ("[[account]]\nname = \"a\\nuser box\"", "no name"),
            ("[[account]]\nname = \"../../etc/x\"", "no name"),
            ("[[account]]\nname = \"box\"", "two accounts"),
            ("[[account]]\nname = \"a\"\npublish = [\"#\"]", "level of its own"),
            ("[[account]]\nname = \"a\"\npublish = [\"+/x\"]", "level of its own"),
            ("[[account]]\nname = \"a\"\npublish = [\"$SYS/x\"]", "level of its own"),
            ("[[account]]\nname = \"a\"\npublish = [\"a/#/b\"]", "whole levels"),
            ("[[account]]\nname = \"a\"\npublish = [\"a/b+\"]", "whole levels"),
            ("[[account]]\nname = \"a\"\npublish = [\"a\\ntopic read #\"]", "1 to 200"),
        ] {
            let error = format!("{:#}", check(&mqtt(text)).unwrap_err());
            assert!(error.contains(word), "{text}: {error}");
        }
    }

    #[test]
    fn a_password_that_stays_keeps_its_line_and_another_gets_a_new_one() {
        let passwords = |second: &str| vec![("box".to_owned(), "one".to_owned()), ("a".to_owned(), second.to_owned())];
        let first = password_file("", &passwords("two"));
        assert_eq!(password_file(&first, &passwords("two")), first);
        let second = password_file(&first, &passwords("three"));
        assert_eq!(first.lines().next(), second.lines().next());
        assert_ne!(first.lines().nth(1), second.lines().nth(1));
        let line = first.lines().next().unwrap().strip_prefix("box:").unwrap();
        assert!(fits(line, "one") && !fits(line, "onE") && !fits("$7$x$y$z", "one") && !fits("", "one"));
    }
}
