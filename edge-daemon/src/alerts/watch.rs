//! What no fact tells of: locks, devices that cannot be reached, a full disk, a clock that nobody set, maintenance that
//! is due.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::OptionalExtension;
use trivet_domain::alerts::{self, Lock, Severity};
use trivet_domain::haccp::trend::Wear;
use trivet_log::{Id, TimeQuality};
use trivet_modules::alerts::{open_of_key, raise};
use trivet_modules::{haccp, plans, safety};
use trivet_replica::auth::{Locked, Lockout};
use trivet_replica::{Actor, App, Rejection, sealing};

use super::{over, read};
use crate::config::{Alerts, Config};
use crate::devices::{Device, Devices};

/// A disk counts as good again with so many per cent more free than it takes to tell of it.
const DISK_DEADBAND_PERCENT: u8 = 2;
/// A calibration is told of so long before it is due, where no plan says otherwise.
const WARN_DAYS: u16 = 14;
const DAY_MS: i64 = 86_400_000;
const KINDS: [&str; 3] = ["printer", "probe_bus", "mqtt"];

pub(super) struct Watch {
    devices: Devices,
    limits: Alerts,
    data: PathBuf,
    started: Instant,
    /// By name: since when it has been in its state, by a clock that nobody sets.
    seen: HashMap<String, (Reached, Instant)>,
    /// What was told of since the start, and how bad it was; what was found well. Nothing is asked for twice.
    bad: HashMap<String, Severity>,
    well: HashSet<String>,
    /// The day, since 1970, on which the units' wear was looked at last.
    wear_of: Option<i64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reached {
    Yes,
    No,
}

impl Watch {
    pub(super) fn new(app: &App, devices: &Devices, config: &Config) -> Watch {
        Watch {
            devices: devices.clone(),
            limits: config.alerts.clone(),
            data: app.store.path.parent().map(Path::to_owned).unwrap_or_default(),
            started: Instant::now(),
            seen: HashMap::new(),
            bad: HashMap::new(),
            well: HashSet::new(),
            wear_of: None,
        }
    }

    /// Those that somebody ran into. The login that was typed goes no further than this: only whose it is.
    pub(super) async fn lockouts(&mut self, app: &App, actor: Actor) -> Result<(), Rejection> {
        for Lockout { what, login, address, at_ms } in app.auth.lockouts() {
            let sql = "SELECT id FROM access_person WHERE login=?1 ORDER BY id LIMIT 1";
            let person = read(app, move |view| {
                view.conn.prepare_cached(sql)?.query_row([login], |row| row.get(0).map(Id::from_bytes)).optional()
            });
            let (lock, person) = match what {
                Locked::Pair => (Lock::Pair, person.await?.unwrap_or_default()),
                Locked::Login => (Lock::Login, person.await?.unwrap_or_default()),
                Locked::Address => (Lock::Address, Id::NIL),
            };
            let cause = sealing::new_id(at_ms);
            raise(app, actor, alerts::raise_for_lockout(cause, lock, person, &address.to_string(), at_ms)).await?;
        }
        Ok(())
    }

    pub(super) async fn look(&mut self, app: &App, actor: Actor) -> Result<(), Rejection> {
        for device in self.devices.all() {
            self.device(app, actor, &device).await?;
        }
        self.disk(app, actor).await?;
        self.clock(app, actor).await?;
        self.equipment(app, actor).await?;
        self.calibrations(app, actor).await?;
        self.wear(app, actor).await
    }

    async fn device(&mut self, app: &App, actor: Actor, device: &Device) -> Result<(), Rejection> {
        let reached = match device.state.as_str() {
            "down" => Reached::No,
            "up" | "busy" | "attention" => Reached::Yes,
            // It has not been tried yet, or cannot tell.
            _ => return Ok(()),
        };
        if !KINDS.contains(&device.kind.as_str()) {
            return Ok(());
        }
        let id = Id::named(app.identity.origin(), &format!("device:{}:{}", device.kind, device.name));
        let before = self.seen.get(&device.name).copied().filter(|(state, _)| *state == reached);
        let (_, since) =
            *self.seen.entry(device.name.clone()).insert_entry(before.unwrap_or((reached, Instant::now()))).get();
        let now_ms = app.wall.now_ms();
        let key = alerts::key_of("device_down", id);
        let long = since.elapsed() >= Duration::from_secs(self.limits.device_down_seconds);
        match reached {
            Reached::No if long => {
                let cause = sealing::new_id(now_ms);
                let raised = alerts::raise_for_device(cause, id, &device.kind, &device.name, now_ms);
                self.is_so(app, actor, raised).await
            }
            Reached::No => Ok(()),
            Reached::Yes => self.is_well(app, actor, &key).await,
        }
    }

    async fn disk(&mut self, app: &App, actor: Actor) -> Result<(), Rejection> {
        let Some(free) = free_percent(&self.data) else { return Ok(()) };
        let (limit, now_ms) = (self.limits.disk_free_percent, app.wall.now_ms());
        let the_box = Id::from_bytes(app.identity.origin().0);
        if free < limit {
            let raised = alerts::raise_for_disk(sealing::new_id(now_ms), the_box, free, now_ms);
            self.is_so(app, actor, raised).await
        } else if free >= limit.saturating_add(DISK_DEADBAND_PERCENT) {
            self.is_well(app, actor, &alerts::key_of("disk_full", the_box)).await
        } else {
            Ok(())
        }
    }

    async fn clock(&mut self, app: &App, actor: Actor) -> Result<(), Rejection> {
        let (the_box, now_ms) = (Id::from_bytes(app.identity.origin().0), app.wall.now_ms());
        // A box that has just started may still be asking for the time.
        let long = self.started.elapsed() >= Duration::from_secs(self.limits.device_down_seconds);
        match app.wall.quality() {
            TimeQuality::Unset if long => {
                let raised = alerts::raise_for_clock(sealing::new_id(now_ms), the_box, now_ms);
                self.is_so(app, actor, raised).await
            }
            TimeQuality::Unset => Ok(()),
            _ => self.is_well(app, actor, &alerts::key_of("clock_unset", the_box)).await,
        }
    }

    async fn equipment(&mut self, app: &App, actor: Actor) -> Result<(), Rejection> {
        let now_ms = app.wall.now_ms();
        let sql = "SELECT id, name, next_maintenance_ms FROM alerts_equipment";
        let all = read(app, move |view| {
            let mut statement = view.conn.prepare_cached(sql)?;
            let row = |row: &rusqlite::Row<'_>| {
                Ok((Id::from_bytes(row.get(0)?), row.get::<_, String>(1)?, row.get::<_, Option<i64>>(2)?))
            };
            statement.query_map([], row)?.collect::<rusqlite::Result<Vec<_>>>()
        });
        for (id, name, next_ms) in all.await? {
            match next_ms.filter(|due_ms| *due_ms <= now_ms) {
                Some(due_ms) => {
                    self.is_so(app, actor, alerts::raise_for_maintenance(id, &name, due_ms, now_ms)).await?;
                }
                None => self.is_well(app, actor, &alerts::key_of("maintenance_due", id)).await?,
            }
        }
        Ok(())
    }

    /// Within the plan's warning time, or past it.
    async fn calibrations(&mut self, app: &App, actor: Actor) -> Result<(), Rejection> {
        let (now_ms, location) = (app.wall.now_ms(), app.identity.certificate.location);
        let states = read(app, move |view| {
            let plan = plans::in_force(view.conn, location, now_ms)?;
            let warn_days = plan.map_or(WARN_DAYS, |(_, plan)| plan.calibration.warn_days);
            safety::view::due_calibrations(view.conn, warn_days, now_ms)
        });
        for due in states.await? {
            match due.due_ms {
                Some(due_ms) => {
                    let raised = alerts::raise_for_calibration(due.probe, &due.name, due_ms, now_ms);
                    self.is_so(app, actor, raised).await?;
                }
                None => self.is_well(app, actor, &alerts::key_of("calibration_due", due.probe)).await?,
            }
        }
        Ok(())
    }

    /// Once a day: what the days until yesterday say of the units.
    async fn wear(&mut self, app: &App, actor: Actor) -> Result<(), Rejection> {
        let (now_ms, location) = (app.wall.now_ms(), app.identity.certificate.location);
        let today = now_ms.div_euclid(DAY_MS);
        if self.wear_of == Some(today) {
            return Ok(());
        }
        let units = read(app, move |view| {
            let plan = plans::in_force(view.conn, location, now_ms)?.map(|(_, plan)| plan);
            let mut units = Vec::new();
            for (id, probe) in haccp::view::in_use(view.conn)? {
                let warnings = haccp::trend::warnings(view.conn, id, &probe, plan.as_ref(), now_ms)?;
                let told = |wear| Ok((wear, open_of_key(view.conn, &alerts::key_of(alerts::wear_words(wear), id))?));
                let told: rusqlite::Result<Vec<_>> = Wear::ALL.into_iter().map(told).collect();
                units.push((id, probe.name, warnings, told?));
            }
            Ok(units)
        });
        for (id, name, warnings, told) in units.await? {
            for (wear, open) in told {
                match (warnings.iter().find(|warning| warning.wear == wear), open) {
                    (Some(warning), None) => {
                        let (cause, figures) = (sealing::new_id(now_ms), (warning.before, warning.now));
                        raise(app, actor, alerts::raise_for_wear(cause, id, &name, wear, figures, now_ms)).await?;
                    }
                    (None, Some(_)) => over(app, actor, &alerts::key_of(alerts::wear_words(wear), id), now_ms).await?,
                    _ => {}
                }
            }
        }
        self.wear_of = Some(today);
        Ok(())
    }

    async fn is_so(&mut self, app: &App, actor: Actor, raised: alerts::Raised) -> Result<(), Rejection> {
        self.well.remove(&raised.key);
        let so = (raised.key.clone(), raised.severity);
        if self.bad.get(&so.0) == Some(&so.1) {
            return Ok(());
        }
        raise(app, actor, raised).await?;
        self.bad.insert(so.0, so.1);
        Ok(())
    }

    async fn is_well(&mut self, app: &App, actor: Actor, key: &str) -> Result<(), Rejection> {
        self.bad.remove(key);
        if !self.well.contains(key) {
            over(app, actor, key, app.wall.now_ms()).await?;
            self.well.insert(key.to_owned());
        }
        Ok(())
    }
}

fn free_percent(folder: &Path) -> Option<u8> {
    let disk = nix::sys::statvfs::statvfs(folder).ok()?;
    let (free, all) = (u128::from(disk.blocks_available()), u128::from(disk.blocks()));
    u8::try_from((free * 100).checked_div(all)?).ok()
}
