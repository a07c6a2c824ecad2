//! `POST /api/v1/auth/login`, `POST /api/v1/auth/pin` and `GET /api/v1/auth/me`.

use std::net::IpAddr;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use rusqlite::{OptionalExtension, Row};
use serde::{Deserialize, Serialize};
use trivet_domain::{Proof, Rights, Role};
use trivet_log::Id;
use trivet_replica::auth::TOKEN_SECONDS;
use trivet_replica::http::{Parsed, PeerAddress};
use trivet_replica::{App, Caller, Problem};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(login)).routes(routes!(pin)).routes(routes!(me))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Login {
    /// A login name or an e-mail address.
    #[serde(alias = "email")]
    login: String,
    #[schema(format = Password)]
    password: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PinLogin {
    /// Of the person who takes over.
    #[serde(alias = "email")]
    login: String,
    #[schema(format = Password)]
    pin: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LoginAnswer {
    access_token: String,
    /// Seconds.
    expires_in: i64,
    person: Person,
}

#[derive(Serialize, ToSchema)]
struct Person {
    id: Uuid,
    name: String,
    role: String,
    permissions: Vec<String>,
}

struct Found {
    id: Id,
    role: Role,
    name: String,
    password: String,
    pin: Option<String>,
    disabled: bool,
}

impl Found {
    const COLUMNS: &'static str = "id, role, name, password, pin, disabled";

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Found> {
        let role: String = row.get(1)?;
        Ok(Found {
            id: Id::from_bytes(row.get(0)?),
            // A role of a later release: the one that may do the least.
            role: Role::ALL.into_iter().find(|known| known.name() == role).unwrap_or(Role::Auditor),
            name: row.get(2)?,
            password: row.get(3)?,
            pin: row.get(4)?,
            disabled: row.get(5)?,
        })
    }

    fn show(&self, proof: Proof) -> Person {
        let rights = Rights { role: self.role, proof };
        Person {
            id: self.id.0,
            name: self.name.clone(),
            role: self.role.name().to_owned(),
            permissions: rights.permissions().map(|permission| permission.name().to_owned()).collect(),
        }
    }
}

/// Gives an access token. A wrong password and an unknown login get the same answer, in similar time.
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "access", request_body = Login, security(()),
    responses((status = 200, body = LoginAnswer), (status = 401, body = Problem), (status = 429, body = Problem)))]
async fn login(
    State(app): State<App>,
    PeerAddress(address): PeerAddress,
    Parsed(body): Parsed<Login>,
) -> Result<Json<LoginAnswer>, Problem> {
    let found = prove(&app, address, body.login, body.password, Proof::Password).await?;
    let access_token = app.auth.token(found.id, found.role, app.wall.now_ms());
    Ok(Json(LoginAnswer { access_token, expires_in: TOKEN_SECONDS, person: found.show(Proof::Password) }))
}

/// Takes over a screen that somebody has opened with their password, for an hour at most. The bearer is whoever has the
/// screen now. The token says `"amr": "pin"`: with it nobody changes people or settings, or enrols a replica.
#[utoipa::path(post, path = "/api/v1/auth/pin", tag = "access", request_body = PinLogin,
    responses((status = 200, body = LoginAnswer), (status = 401, body = Problem), (status = 429, body = Problem)))]
async fn pin(
    State(app): State<App>,
    caller: Caller,
    PeerAddress(address): PeerAddress,
    Parsed(body): Parsed<PinLogin>,
) -> Result<Json<LoginAnswer>, Problem> {
    let found = prove(&app, address, body.login, body.pin, Proof::Pin).await?;
    let (access_token, expires_in) = app.auth.hand_over(&caller, found.id, found.role, app.wall.now_ms());
    Ok(Json(LoginAnswer { access_token, expires_in, person: found.show(Proof::Pin) }))
}

/// Who has this login, if the secret is theirs.
async fn prove(app: &App, address: IpAddr, login: String, secret: String, by: Proof) -> Result<Found, Problem> {
    let login = login.to_lowercase();
    let (name, wrong) = match by {
        Proof::Password => ("password", "login or password is wrong"),
        Proof::Pin => ("PIN", "login or PIN is wrong"),
    };
    if login.len() > 255 || secret.len() > 255 {
        let words = format!("login and {name} have at most 255 bytes");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, words));
    }
    if let Err(seconds) = app.auth.try_once(&login, address, app.wall.now_ms()) {
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, format!("too many tries; wait {seconds} s"));
        return Err(Problem { retry_after: Some(seconds), ..problem });
    }
    let asked = login.clone();
    let found = app
        .read(move |view| {
            let sql = format!("SELECT {} FROM access_person WHERE login=?1 ORDER BY id LIMIT 1", Found::COLUMNS);
            view.conn.query_row(&sql, [asked], Found::from_row).optional()
        })
        .await?;
    let hash = found.as_ref().and_then(|found| match by {
        Proof::Password => Some(found.password.clone()),
        Proof::Pin => found.pin.clone(),
    });
    let right = app.auth.verify(secret, hash).await.ok_or_else(|| {
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "many are logging in just now; try again");
        Problem { retry_after: Some(2), ..problem }
    })?;
    let proven = found.filter(|found| right && !found.disabled);
    if proven.is_some() {
        app.auth.succeeded(&login, address);
    }
    proven.ok_or_else(|| Problem::new(StatusCode::UNAUTHORIZED, wrong))
}

/// The person whose token this is.
#[utoipa::path(get, path = "/api/v1/auth/me", tag = "access", responses((status = 200, body = Person)))]
async fn me(State(app): State<App>, caller: Caller) -> Result<Json<Person>, Problem> {
    let id = caller.person;
    let found = app
        .read(move |view| {
            let sql = format!("SELECT {} FROM access_person WHERE id=?1", Found::COLUMNS);
            view.conn.query_row(&sql, [id.as_bytes()], Found::from_row).optional()
        })
        .await?;
    found.map(|found| Json(found.show(caller.rights.proof))).ok_or_else(Problem::unauthorized)
}
