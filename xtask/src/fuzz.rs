//! `cargo xtask fuzz`: random bytes into whatever reads bytes from outside.

use std::path::Path;

use anyhow::{Context, ensure};

use crate::steps::{builder, cargo, root, run, target};

const CARGO_FUZZ: &str = "0.13.2";
/// What a target may take; a find that makes it grow is one.
const MOST_MEGABYTES: u32 = 512;

/// Runs every target for so many seconds. Nothing needs a nightly compiler: findings are panics, hangs and memory, not
/// what a sanitizer sees, for none of it is unsafe.
pub(crate) fn fuzz(seconds: u32) -> anyhow::Result<()> {
    ensure!(seconds > 0, "--seconds is at least 1");
    let tools = target().join("tools");
    let cargo_fuzz = tools.join("bin/cargo-fuzz");
    if !cargo_fuzz.exists() {
        let mut install = cargo();
        install.args(["install", "cargo-fuzz", "--locked", "--version", CARGO_FUZZ, "--root"]).arg(&tools);
        run(&mut install)?;
    }
    let built = target().join("fuzz");
    let command = |verb: &str| {
        let mut command = builder(&cargo_fuzz);
        command.arg(verb).args(["-s", "none", "--target-dir"]).arg(&built);
        command
    };
    run(&mut command("build"))?;
    let targets = targets(&root().join("fuzz/corpus"))?;
    let mut findings = 0;
    for name in &targets {
        // What it learns stays out of the repository: the seeds are the second folder, which is only read.
        let learnt = built.join("corpus").join(name);
        std::fs::create_dir_all(&learnt)?;
        let status = command("run")
            .arg(name)
            .arg(&learnt)
            .arg(root().join("fuzz/corpus").join(name))
            .args(["--", &format!("-max_total_time={seconds}"), &format!("-rss_limit_mb={MOST_MEGABYTES}")])
            .args(["-timeout=10", "-verbosity=0", "-print_final_stats=1"])
            .status()
            .with_context(|| format!("cannot run {}", cargo_fuzz.display()))?;
        if !status.success() {
            eprintln!("{name}: a finding; the input is in fuzz/artifacts/{name}");
            findings += 1;
        }
    }
    println(&format!("{} targets, {findings} findings", targets.len()));
    ensure!(findings == 0, "fuzzing found what must not be");
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the last line is the command's answer")]
fn println(line: &str) {
    println!("{line}");
}

/// Each target has a folder of seeds of its name.
fn targets(corpus: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for folder in std::fs::read_dir(corpus).with_context(|| format!("cannot read {}", corpus.display()))? {
        names.extend(folder?.file_name().into_string());
    }
    names.sort_unstable();
    Ok(names)
}
