//! The whole HTTP API of a replica: every module's routes, the live feed and health, behind one guard.

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use trivet_replica::{App, Module, Problem, auth, http, live};
use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;

use crate::health;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Trivet",
        description = "The API of a Trivet box, and of its dashboard.",
        license(name = "Apache-2.0")
    ),
    components(schemas(Problem))
)]
struct Document;

/// The routes with their description.
fn described(modules: &[Module]) -> OpenApiRouter<App> {
    let mut router = OpenApiRouter::with_openapi(Document::openapi());
    for module in modules {
        router = router.merge((module.routes)());
    }
    router
        .merge(health::routes())
        .route("/api/v1/live", axum::routing::get(live::socket))
        .route("/api/v1/live/poll", axum::routing::get(live::poll))
}

/// `more` are routes that need no token: screens.
pub fn router(app: App, more: Router<App>) -> Router {
    let (router, _) = described(&app.modules).split_for_parts();
    router
        .route(auth::UNKNOWN, axum::routing::any(|| async { Problem::not_found("route") }))
        .merge(more)
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "this route does not take this method")
        })
        .fallback(|| async { Problem::not_found("page") })
        .layer(from_fn_with_state(app.clone(), auth::guard))
        .layer(from_fn(http::harden))
        .with_state(app)
}

/// The golden description.
pub fn openapi(modules: &[Module], version: &str) -> String {
    let (_, mut document) = described(modules).split_for_parts();
    document.info.version = version.to_owned();
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    document.components.get_or_insert_default().add_security_scheme("bearer", bearer);
    document.security = Some(vec![SecurityRequirement::new("bearer", Vec::<String>::new())]);
    document.to_pretty_json().map(|text| text + "\n").unwrap_or_default()
}
