//! One report at a time: a year of it keeps a reader of the store and a core busy for seconds.

use std::pin::Pin;
use std::sync::Arc;

use axum::http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use trivet_replica::Problem;

/// Makes a PDF of a [`super::Sheet`] as JSON, in a process of its own.
pub type Drawing = dyn Fn(Vec<u8>) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, Problem>> + Send>> + Send + Sync;

/// Where reports are made. A replica without one gives figures and CSV, and no PDF.
#[derive(Clone)]
pub struct Desk {
    turn: Arc<Semaphore>,
    drawing: Arc<Drawing>,
}

impl Desk {
    pub fn new(drawing: Arc<Drawing>) -> Desk {
        Desk { turn: Arc::new(Semaphore::new(1)), drawing }
    }

    /// Refused at once while another report is being made.
    pub fn take(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let busy = || Problem::new(StatusCode::TOO_MANY_REQUESTS, "another report is being made");
        self.turn.clone().try_acquire_owned().map_err(|_| Problem { retry_after: Some(10), ..busy() })
    }

    /// For a report that nobody waits for.
    pub async fn wait(&self) -> Option<OwnedSemaphorePermit> {
        self.turn.clone().acquire_owned().await.ok()
    }

    pub async fn draw(&self, sheet: Vec<u8>) -> Result<Vec<u8>, Problem> {
        (self.drawing)(sheet).await
    }
}
