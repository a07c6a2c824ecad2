//! The first box of a new tenant, from one file: settings, people, menu, probes. Everything goes the one path, so a
//! file that is refused names the entry at fault. Nothing is left behind by a file that is refused.

use std::io::Read;
use std::path::Path;

use anyhow::Context;
use serde::Deserialize;
use trivet_domain::haccp::{self, UnitKind};
use trivet_domain::money::TaxRate;
use trivet_domain::{Command, MilliCelsius, Money, Role, menu, settings};
use trivet_log::Id;
use trivet_modules::access::{NewPerson, add_person};
use trivet_replica::{Actor, App, Config, Identity, Wall, sealing};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Plan {
    settings: Settings,
    people: Vec<Person>,
    menu: Vec<Item>,
    probes: Vec<Probe>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Settings {
    organization_name: String,
    location_name: String,
    address: Option<String>,
    phone: Option<String>,
    tax_id: Option<String>,
    currency: String,
    currency_digits: u8,
    time_zone: String,
    language: String,
    prices_include_tax: bool,
    tax_rates: std::collections::BTreeMap<String, u32>,
    stations: std::collections::BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Person {
    name: String,
    login: String,
    role: Role,
    password: String,
    /// Four to eight digits, to take over a screen that somebody has opened.
    pin: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Item {
    name: String,
    #[serde(default)]
    description: String,
    category: String,
    price: i64,
    tax_class: String,
    #[serde(default)]
    station: String,
    #[serde(default)]
    preparation_time: u16,
    #[serde(default)]
    dietary_info: Vec<String>,
    #[serde(default)]
    modifiers: Vec<Modifier>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Modifier {
    name: String,
    price: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Probe {
    name: String,
    unit_kind: UnitKind,
    min_milli_c: Option<i32>,
    max_milli_c: Option<i32>,
    input: String,
    #[serde(default)]
    details: std::collections::BTreeMap<String, String>,
    alarm_delay_seconds: Option<i64>,
}

pub(crate) fn provision(data: &Path, file: &Path) -> anyhow::Result<()> {
    let text = match file.to_str() {
        Some("-") => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            text
        }
        _ => std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?,
    };
    let plan: Plan = serde_json::from_str(&text).context("the set-up file does not read")?;
    anyhow::ensure!(!data.join("identity").exists(), "{} belongs to a replica already", data.display());
    anyhow::ensure!(plan.people.iter().any(|person| person.role == Role::Owner), "people: nobody is the owner");
    // In a folder beside the final one, which takes its place whole.
    let wall = Wall::default();
    let part = data.with_extension("part");
    if part.exists() {
        std::fs::remove_dir_all(&part)?;
    }
    let identity = Identity::found(wall.now_ms());
    identity.save(&part)?;
    let app = App::open(Config {
        data: part.clone(),
        identity,
        modules: crate::run::modules(),
        wall,
        version: env!("CARGO_PKG_VERSION"),
        more: axum::http::Extensions::new(),
    })?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if let Err(error) = runtime.block_on(fill(&app, plan)) {
        std::fs::remove_dir_all(&part)?;
        return Err(error);
    }
    std::fs::rename(&part, data).with_context(|| format!("{} must not exist yet", data.display()))?;
    Ok(())
}

async fn fill(app: &App, plan: Plan) -> anyhow::Result<()> {
    let actor = Actor::the_box(Id::from_bytes(app.identity.origin().0));
    let new_id = || sealing::new_id(app.wall.now_ms());
    let s = plan.settings;
    let change = settings::Change {
        organization_name: Some(s.organization_name),
        location_name: Some(s.location_name),
        address: s.address,
        phone: s.phone,
        tax_id: s.tax_id,
        currency: Some(s.currency),
        currency_digits: Some(s.currency_digits),
        time_zone: Some(s.time_zone),
        language: Some(s.language),
        prices_include_tax: Some(s.prices_include_tax),
        tax_rates: s.tax_rates.into_iter().map(|(class, ppm)| (class, TaxRate(ppm))).collect(),
        stations: s.stations.into_iter().collect(),
    };
    let location = app.identity.certificate.location;
    app.submit(actor, new_id(), Command::Settings(settings::Command::Change { location, change })).await?;
    for Person { name, login, role, password, pin } in plan.people {
        let person = NewPerson { name, login: login.clone(), role, password, pin };
        add_person(app, actor, new_id(), person).await.with_context(|| format!("people: {login}"))?;
    }
    for item in plan.menu {
        let id = new_id();
        let modifier = |(place, m): (usize, Modifier)| menu::Modifier {
            id: id.derive("modifier", place as u64),
            name: m.name,
            price: Money(m.price),
        };
        let change = menu::Change {
            name: Some(item.name.clone()),
            description: Some(item.description),
            category: Some(item.category),
            price: Some(Money(item.price)),
            tax_class: Some(item.tax_class),
            station: Some(item.station),
            preparation_minutes: Some(item.preparation_time),
            dietary_info: Some(item.dietary_info),
            modifiers: Some(item.modifiers.into_iter().enumerate().map(modifier).collect()),
            ..menu::Change::default()
        };
        let command = Command::Menu(menu::Command::Create { item: id, change });
        app.submit(actor, id, command).await.with_context(|| format!("menu: {}", item.name))?;
    }
    for probe in plan.probes {
        let id = new_id();
        let change = haccp::Change {
            name: Some(probe.name.clone()),
            unit_kind: Some(probe.unit_kind),
            min: Some(probe.min_milli_c.map(MilliCelsius)),
            max: Some(probe.max_milli_c.map(MilliCelsius)),
            input: Some(probe.input),
            details: probe.details.into_iter().collect(),
            alarm_delay_ms: probe.alarm_delay_seconds.map(|seconds| Some(seconds.saturating_mul(1_000))),
            ..haccp::Change::default()
        };
        let command = Command::Haccp(haccp::Command::ChangeProbe { probe: id, change });
        app.submit(actor, id, command).await.with_context(|| format!("probes: {}", probe.name))?;
    }
    Ok(())
}
