//! `GET` and `PUT /api/v1/settings`.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use trivet_domain::Command;
use trivet_domain::money::TaxRate;
use trivet_domain::settings::{Change, Settings};
use trivet_log::ReplicaKind;
use trivet_replica::http::Parsed;
use trivet_replica::{App, Caller, Key, Problem};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(read, change))
}

#[derive(Serialize, ToSchema)]
#[schema(as = Settings)]
#[serde(rename_all = "camelCase")]
pub struct SettingsView {
    pub organization_name: String,
    pub location_name: String,
    /// As it stands on receipts, like the two after it; empty if it is not given.
    pub address: String,
    pub phone: String,
    /// The company's number with the tax office.
    pub tax_id: String,
    /// ISO 4217.
    pub currency: String,
    /// Digits after the decimal point of that currency.
    pub currency_digits: u8,
    /// A name of the IANA time zone database.
    pub time_zone: String,
    pub language: String,
    pub prices_include_tax: bool,
    /// Parts per million by tax class.
    pub tax_rates: BTreeMap<String, u32>,
    pub stations: Vec<StationView>,
    /// `box` or `dashboard`.
    pub kind: String,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = Station)]
pub struct StationView {
    pub id: String,
    pub name: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SettingsChange {
    organization_name: Option<String>,
    location_name: Option<String>,
    address: Option<String>,
    phone: Option<String>,
    tax_id: Option<String>,
    currency: Option<String>,
    currency_digits: Option<u8>,
    time_zone: Option<String>,
    language: Option<String>,
    prices_include_tax: Option<bool>,
    #[serde(default)]
    tax_rates: BTreeMap<String, u32>,
    #[serde(default)]
    stations: Vec<StationView>,
}

/// The location's settings.
#[utoipa::path(get, path = "/api/v1/settings", tag = "settings", responses((status = 200, body = SettingsView)))]
async fn read(State(app): State<App>) -> Result<Json<SettingsView>, Problem> {
    let kind = app.identity.certificate.kind;
    let settings = app.read(|view| super::in_force(view.conn)).await?;
    Ok(Json(show(settings, kind)))
}

/// Changes the settings that are given; the others stay.
#[utoipa::path(put, path = "/api/v1/settings", tag = "settings", request_body = SettingsChange,
    responses((status = 200, body = SettingsView), (status = 422, body = Problem)))]
async fn change(
    State(app): State<App>,
    caller: Caller,
    Key(key): Key,
    Parsed(body): Parsed<SettingsChange>,
) -> Result<Json<SettingsView>, Problem> {
    let location = app.identity.certificate.location;
    let change = Change {
        organization_name: body.organization_name,
        location_name: body.location_name,
        address: body.address,
        phone: body.phone,
        tax_id: body.tax_id,
        currency: body.currency,
        currency_digits: body.currency_digits,
        time_zone: body.time_zone,
        language: body.language,
        prices_include_tax: body.prices_include_tax,
        tax_rates: body.tax_rates.into_iter().map(|(class, ppm)| (class, TaxRate(ppm))).collect(),
        stations: body.stations.into_iter().map(|station| (station.id, station.name)).collect(),
    };
    let command = Command::Settings(trivet_domain::settings::Command::Change { location, change });
    app.submit(caller.actor(), key, command).await?;
    read(State(app)).await
}

fn show(settings: Settings, kind: ReplicaKind) -> SettingsView {
    SettingsView {
        organization_name: settings.organization_name,
        location_name: settings.location_name,
        address: settings.address,
        phone: settings.phone,
        tax_id: settings.tax_id,
        currency: settings.currency,
        currency_digits: settings.currency_digits,
        time_zone: settings.time_zone,
        language: settings.language,
        prices_include_tax: settings.prices_include_tax,
        tax_rates: settings.tax_rates.into_iter().map(|(class, rate)| (class, rate.0)).collect(),
        stations: settings.stations.into_iter().map(|(id, name)| StationView { id, name }).collect(),
        kind: if kind == ReplicaKind::Box { "box" } else { "dashboard" }.to_owned(),
    }
}
