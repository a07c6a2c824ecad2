//! `POST /api/v1/auth/login` and `GET /api/v1/auth/me`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use rusqlite::{OptionalExtension, Row};
use serde::{Deserialize, Serialize};
use trivet_domain::Role;
use trivet_log::Id;
use trivet_replica::auth::TOKEN_SECONDS;
use trivet_replica::http::{Parsed, PeerAddress};
use trivet_replica::{App, Caller, Problem};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(login)).routes(routes!(me))
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
    disabled: bool,
}

impl Found {
    const COLUMNS: &'static str = "id, role, name, password, disabled";

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Found> {
        let role: String = row.get(1)?;
        Ok(Found {
            id: Id::from_bytes(row.get(0)?),
            // A role of a later release: the one that may do the least.
            role: Role::ALL.into_iter().find(|known| known.name() == role).unwrap_or(Role::Auditor),
            name: row.get(2)?,
            password: row.get(3)?,
            disabled: row.get(4)?,
        })
    }

    fn show(&self) -> Person {
        Person {
            id: self.id.0,
            name: self.name.clone(),
            role: self.role.name().to_owned(),
            permissions: self.role.permissions().map(|permission| permission.name().to_owned()).collect(),
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
    let login = body.login.to_lowercase();
    let now = app.wall.now_ms();
    if login.len() > 255 || body.password.len() > 255 {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "login and password have at most 255 bytes"));
    }
    if let Err(seconds) = app.auth.try_once(&login, address, now) {
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
    let checked = app.auth.verify(body.password, found.as_ref().map(|found| found.password.clone())).await;
    let known = checked.ok_or_else(|| {
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "many are logging in just now; try again");
        Problem { retry_after: Some(2), ..problem }
    })?;
    match found.filter(|found| known && !found.disabled) {
        Some(found) => {
            app.auth.succeeded(&login, address);
            Ok(Json(LoginAnswer {
                access_token: app.auth.token(found.id, found.role, now),
                expires_in: TOKEN_SECONDS,
                person: found.show(),
            }))
        }
        None => Err(Problem::new(StatusCode::UNAUTHORIZED, "login or password is wrong")),
    }
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
    found.map(|found| Json(found.show())).ok_or_else(Problem::unauthorized)
}
