//! `cargo xtask test`: what the README's test command does, and so what CI does.

use std::process::Command;

use crate::steps::{build, cargo, packages, run};

pub(crate) fn test(fast: bool) -> anyhow::Result<()> {
    if !fast {
        packages(&[("chromium", "/usr/bin/chromium"), ("mosquitto", "/usr/sbin/mosquitto")])?;
    }
    run(cargo().args(["fmt", "--all", "--check"]))?;
    build(false)?;
    crate::steps::openapi(true)?;
    run(cargo().args(["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]))?;
    let mut tests = cargo();
    tests.args(["test", "--workspace", "--quiet"]);
    if fast {
        tests.env("TRIVET_FAST", "1");
    }
    run(&mut tests)?;
    run(Command::new("npm").args(["run", "--silent", "typecheck"]).current_dir(crate::steps::root().join("screens")))
}
