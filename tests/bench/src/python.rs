//! Peers in Python, in an environment of their own.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use crate::receipt::{MODULE, QR, Receipt, TITLE};

pub(crate) const ESCPOS: &str = "python-escpos==3.1";
pub(crate) const DUCKDB: &str = "duckdb==2.0.0";

/// Receipts per CPU-second.
pub(crate) struct PerSecond {
    /// The logo by `image`, from a picture in memory.
    pub(crate) image: f64,
    /// The logo's raster kept as bytes.
    pub(crate) kept: f64,
}

pub(crate) struct Python {
    program: PathBuf,
}

impl Python {
    /// Makes `python-bench` beside the build, the first time with the network.
    pub(crate) fn install(package: &str) -> anyhow::Result<Python> {
        let binary = std::env::current_exe()?;
        let target = binary.parent().and_then(Path::parent).context("the build's folder")?;
        let folder = target.join("python-bench");
        let program = folder.join("bin/python");
        let installed = folder.join(package);
        if !installed.exists() {
            if !program.exists() {
                run(Command::new("python3").args(["-m", "venv"]).arg(&folder))
                    .with_context(|| format!("{package} is a peer of this benchmark and wants python3 with venv"))?;
            }
            let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", package];
            run(Command::new(&program).args(pip))
                .with_context(|| format!("{package} is a peer of this benchmark and cannot be installed"))?;
            std::fs::write(installed, "")?;
        }
        Ok(Python { program })
    }

    pub(crate) fn run(&self, arguments: &[&Path]) -> anyhow::Result<String> {
        run(Command::new(&self.program).args(arguments))
    }

    /// Lets it print for so long each way, and checks what it printed.
    pub(crate) fn measure(&self, folder: &Path, receipt: &Receipt, seconds: f64) -> anyhow::Result<PerSecond> {
        let (script, data, out) = (folder.join("receipt.py"), folder.join("receipt.json"), folder.join("printed"));
        std::fs::write(&script, include_str!("receipt.py"))?;
        let logo: String = receipt.logo.packed.iter().map(|byte| format!("{byte:02x}")).collect();
        let told = json!({"title": TITLE, "lines": receipt.whole, "qr": QR, "module": MODULE, "logo": logo,
            "width": receipt.logo.width, "height": receipt.logo.height()});
        std::fs::write(&data, told.to_string())?;
        let said = run(Command::new(&self.program).args([&script, &data, &out]).arg(seconds.to_string()))
            .context("python-escpos does not print the receipt")?;
        let said: Value = serde_json::from_str(said.trim()).with_context(|| format!("python-escpos says {said}"))?;
        for way in ["image", "kept"] {
            let printed = std::fs::read(folder.join(format!("printed.{way}")))?;
            receipt.check(&format!("python-escpos ({way})"), &printed, true)?;
        }
        let per_second = |way: &str| said[way].as_f64().with_context(|| format!("python-escpos has no figure `{way}`"));
        Ok(PerSecond { image: per_second("image")?, kept: per_second("kept")? })
    }
}

fn run(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} failed: {said}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
