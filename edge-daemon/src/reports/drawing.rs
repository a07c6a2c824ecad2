//! Drawing a PDF in a process of its own: this program again, as `trivet report-pdf`, with a limit on its memory and its
//! time. What it does wrong ends with it.

use std::io::{Read, Write};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use axum::http::StatusCode;
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::alarm;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use trivet_modules::reports::{Desk, MAX_SHEET, Sheet, pdf};
use trivet_replica::Problem;

/// Of the process that draws, in bytes of address space.
const MEMORY: u64 = 192 * 1024 * 1024;
/// Seconds of a processor, and of the clock on the wall.
const CPU: u64 = 60;
const WITHIN: Duration = Duration::from_secs(90);
const MAX_PDF: u64 = 64 * 1024 * 1024;
/// What it said before it died, for the log.
const MAX_WORDS: u64 = 4 * 1024;

pub(crate) fn desk() -> Desk {
    Desk::new(Arc::new(|sheet| Box::pin(draw(sheet))))
}

async fn draw(sheet: Vec<u8>) -> Result<Vec<u8>, Problem> {
    match tokio::time::timeout(WITHIN, run(sheet)).await {
        Ok(Ok(pdf)) => Ok(pdf),
        Ok(Err(error)) => Err(failed(&format!("{error:#}"))),
        Err(_) => Err(failed(&format!("it took longer than {} s", WITHIN.as_secs()))),
    }
}

fn failed(why: &str) -> Problem {
    tracing::error!(why, "a report's PDF was not drawn");
    let text = format!("the PDF was not drawn: {why}. The CSV file is to be had all the same");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, text)
}

async fn run(sheet: Vec<u8>) -> anyhow::Result<Vec<u8>> {
    let mut child = tokio::process::Command::new("/proc/self/exe")
        .arg("report-pdf")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // With RUST_BACKTRACE a process that has no memory left waits for ever, while it wants some to print where it was.
        .env_clear()
        .kill_on_drop(true)
        .spawn()
        .context("its process does not start")?;
    let (mut input, output, words) =
        (child.stdin.take().context("stdin")?, child.stdout.take().context("stdout")?, child.stderr.take());
    let write = async move {
        // A process that died early does not read all: its own words say why.
        let _ = input.write_all(&sheet).await;
        let _ = input.shutdown().await;
        drop(input);
    };
    let (mut pdf, mut said) = (Vec::new(), String::new());
    let mut output = output.take(MAX_PDF + 1);
    let read = output.read_to_end(&mut pdf);
    let listen = async {
        if let Some(words) = words {
            let _ = words.take(MAX_WORDS).read_to_string(&mut said).await;
        }
    };
    let ((), read, ()) = tokio::join!(write, read, listen);
    read.context("its answer does not read")?;
    if pdf.len() as u64 > MAX_PDF {
        bail!("it is larger than {MAX_PDF} bytes");
    }
    let status = child.wait().await.context("its process")?;
    if !status.success() || !pdf.starts_with(b"%PDF") {
        let words = said.lines().last().unwrap_or_default();
        bail!("its process ended with {status}: {words}");
    }
    Ok(pdf)
}

/// The other side: a sheet from stdin, a PDF to stdout.
pub(crate) fn report_pdf() -> anyhow::Result<()> {
    setrlimit(Resource::RLIMIT_AS, MEMORY, MEMORY).context("limiting memory")?;
    setrlimit(Resource::RLIMIT_CPU, CPU, CPU).context("limiting time")?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0).context("no core file")?;
    // It ends also where nobody waits for it, and where it has no memory left to say why.
    alarm::set(u32::try_from(WITHIN.as_secs()).unwrap_or(90));
    let mut json = Vec::new();
    std::io::stdin().lock().take(MAX_SHEET as u64 + 1).read_to_end(&mut json).context("reading the sheet")?;
    if json.len() > MAX_SHEET {
        bail!("a sheet of more than {MAX_SHEET} bytes");
    }
    let sheet: Sheet = serde_json::from_slice(&json).context("the sheet does not read")?;
    drop(json);
    let pdf = pdf::draw(&sheet).context("the font DejaVu Sans is not installed (Debian: fonts-dejavu-core)")?;
    std::io::stdout().lock().write_all(&pdf).context("writing the PDF")
}
