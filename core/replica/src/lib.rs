//! The runtime of a replica, box or dashboard: the one path from a command to its commit, and what hangs off it.
//!
//! Names no module and matches no command: a [`Module`] is data and plain functions, given in a table.
//!
//! In reading order: [`module`], [`submit`] (the one path), [`store`] (log, writer, documents, rebuild),
//! [`identity`] and [`sealing`], [`auth`], [`http`], [`live`] and [`events`], [`sync`],
//! [`record`] (what goes out to an inspector).

pub mod auth;
pub mod enrol;
pub mod events;
pub mod http;
pub mod identity;
pub mod live;
pub mod module;
pub mod record;
pub mod sealing;
pub mod store;
pub mod submit;
pub mod sync;
pub mod wall;

use std::sync::Arc;

pub use auth::Caller;
pub use http::{Key, Problem};
pub use identity::Identity;
pub use live::{Draft, Hub};
pub use module::{Module, Reach, Read, View};
pub use store::{Appended, Store};
pub use submit::{Actor, Receipt, Rejection};
pub use wall::Wall;

/// What a replica consists of; handed to every route.
#[derive(Clone)]
pub struct App(Arc<Inner>);

pub struct Inner {
    pub identity: Arc<Identity>,
    pub modules: Arc<Vec<Module>>,
    pub store: Store,
    pub hub: Arc<Hub>,
    pub auth: auth::Auth,
    pub wall: Wall,
    pub sync: sync::Status,
    pub started_ms: i64,
    pub version: &'static str,
    /// What a box or dashboard adds for its own routes and views, by type.
    pub more: Arc<axum::http::Extensions>,
}

impl std::ops::Deref for App {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// Where a replica lives, and what it is made of.
pub struct Config {
    pub data: std::path::PathBuf,
    pub identity: Identity,
    pub modules: Vec<Module>,
    pub wall: Wall,
    pub version: &'static str,
    pub more: axum::http::Extensions,
}

impl App {
    /// Opens the store, brings its projections up to date and starts the writer and the publisher.
    pub fn open(config: Config) -> anyhow::Result<App> {
        let identity = Arc::new(config.identity);
        let modules = Arc::new(config.modules);
        let more = Arc::new(config.more);
        let hub = Arc::new(Hub::new(identity.origin()));
        let store = Store::open(store::Opening {
            path: config.data.join("trivet.db"),
            identity: identity.clone(),
            modules: modules.clone(),
            wall: config.wall.clone(),
            hub: hub.clone(),
            more: more.clone(),
        })?;
        let auth = auth::Auth::new(&identity.token_secret);
        Ok(App(Arc::new(Inner {
            started_ms: config.wall.now_ms(),
            identity,
            modules,
            store,
            hub,
            auth,
            wall: config.wall,
            sync: sync::Status::default(),
            version: config.version,
            more,
        })))
    }

    /// Runs a query on a read connection, away from the async threads.
    pub async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&View<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let app = self.clone();
        let joined = tokio::task::spawn_blocking(move || {
            app.store.read(|conn| query(&View { conn, more: &app.more, now_ms: app.wall.now_ms(), caller: None }))
        });
        match joined.await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(Problem::internal(&error)),
            Err(panic) => Err(Problem::internal(&panic)),
        }
    }
}
