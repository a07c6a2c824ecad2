//! `cargo xtask test`: what the README's test command does, and so what CI does.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use trivet_restaurant::{Plan, Restaurant, Sensor};

use crate::firmware::firmware;
use crate::fuzz::fuzz;
use crate::steps::{build, cargo, openapi, packages, root, run, target};

/// What the tests of drawn papers read, of each package one file.
pub(crate) const FONTS: [(&str, &str); 4] = [
    ("fonts-dejavu-core", "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"),
    ("fonts-noto-core", "/usr/share/fonts/truetype/noto/NotoSansArabic-Regular.ttf"),
    ("fonts-noto-cjk", "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
    ("fonts-symbola", "/usr/share/fonts/truetype/ancient-scripts/Symbola_hint.ttf"),
];

/// Debian's Python with `venv` and `pip`; where the package's files are depends on Python's version, its entry does not.
const PYTHON: &str = "/usr/bin/python3";
const VENV: (&str, &str) = ("python3-venv", "/var/lib/dpkg/info/python3-venv.list");
/// Reads the text of our reports.
const POPPLER: (&str, &str) = ("poppler-utils", "/usr/bin/pdftotext");
/// What reads the codes on our papers: of PyPI, and what is there of them.
const READERS: [&str; 2] = ["zxing-cpp==3.1.1", "pillow==13.0.0"];
/// Seconds of each fuzzing target in a test run.
const FUZZ_SECONDS: u32 = 5;
/// Schedules of the simulation in a test run.
const SCHEDULES: u64 = 3_000;
/// Tickets whose paper is counted in a test run.
const TICKETS: u64 = 200;

pub(crate) fn test(fast: bool, rust_src: Option<&Path>) -> anyhow::Result<()> {
    packages(&FONTS)?;
    packages(&[VENV, POPPLER])?;
    if !fast {
        packages(&[("chromium", "/usr/bin/chromium"), ("mosquitto", "/usr/sbin/mosquitto")])?;
    }
    run(cargo().args(["fmt", "--all", "--check"]))?;
    run(cargo().args(["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]))?;
    let binaries = build(false)?;
    openapi(true)?;
    screens_are_typed_by_the_golden_description()?;
    run(cargo().args(["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]))?;
    let mut tests = cargo();
    tests.args(["test", "--workspace", "--quiet"]);
    if fast {
        tests.args(["--", "--skip", "through_a_real_broker"]);
    }
    // The tests start the board that it builds.
    let sensor = firmware(rust_src)?;
    run(tests.env("TRIVET_SENSOR", &sensor))?;
    // The printers' paper takes minutes of waiting and little work: the rest goes on beside it.
    std::thread::scope(|scope| {
        let printed = scope.spawn(|| paper(TICKETS, 1, false));
        let others = || {
            codes_are_read()?;
            records_are_judged_alike()?;
            fuzz(FUZZ_SECONDS)?;
            simulation(SCHEDULES, None, false)?;
            sabotage_is_found()
        };
        let others = others();
        let printed = printed.join().unwrap_or_else(|_| anyhow::bail!("counting the paper panicked"));
        others.and(printed)
    })?;
    blind_resend_is_found()?;
    if fast {
        eprintln!("left out: the browser and the real broker");
        return Ok(());
    }
    let simulated = Some(Sensor::Simulated);
    stories("e2e", &Plan { bin_dir: Some(binaries.clone()), sensor: simulated, ..Plan::default() })?;
    let sensor = Some(Sensor::Qemu(sensor));
    stories("e2e:sensor", &Plan { bin_dir: Some(binaries), relay: false, sensor, ..Plan::default() })
}

/// The stories of the screens in Chromium, in a restaurant of their own.
fn stories(which: &str, plan: &Plan) -> anyhow::Result<()> {
    let restaurant = Restaurant::open(plan)?;
    let ready = restaurant.folder().join("ready.json");
    std::fs::write(&ready, serde_json::to_vec(&restaurant.ready)?)?;
    run(npm(&["run", "--silent", which]).env("TRIVET_READY", &ready))?;
    ensure!(restaurant.close(), "a part of the restaurant did not end by itself");
    Ok(())
}

/// A reader that is not ours reads the codes on the papers that the tests of the drivers left in `target/strict`.
fn codes_are_read() -> anyhow::Result<()> {
    let venv = target().join("python");
    let python = venv.join("bin/python");
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(READERS);
    run(Command::new(PYTHON).args(["-m", "venv"]).arg(&venv)).and_then(|()| run(&mut install)).with_context(|| {
        format!("no environment for the reader of codes ({}) in {}", READERS.join(", "), venv.display())
    })?;
    run(Command::new(&python).arg(root().join("drivers/tests/codes.py")).arg(target().join("strict")))
}

/// The script of the self-verifying page gives each damaged record the verdict of the program: those of the corpus, and
/// those that the property test left in `target/verify`.
fn records_are_judged_alike() -> anyhow::Result<()> {
    let folder = root().join("core/verify");
    run(Command::new("node").arg(folder.join("page/agree.mjs")).arg(folder.join("corpus")).arg(target().join("verify")))
}

fn npm(arguments: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.args(arguments).current_dir(root().join("screens"));
    command
}

/// The types that the screens are checked with are those of the API as it is.
fn screens_are_typed_by_the_golden_description() -> anyhow::Result<()> {
    let path = root().join("screens/src/api/schema.d.ts");
    let committed = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    run(&mut npm(&["run", "--silent", "types"]))?;
    ensure!(
        std::fs::read(&path)? == committed,
        "{} was not made from docs/api/box.json: look, and commit it",
        path.display()
    );
    run(&mut npm(&["run", "--silent", "typecheck"]))
}

pub(crate) fn simulation(seeds: u64, seed: Option<u64>, release: bool) -> anyhow::Result<()> {
    let mut command = Command::new(build(release)?.join("simulation"));
    match seed {
        Some(seed) => command.args(["--seed", &seed.to_string()]),
        None => command.args(["--seeds", &seeds.to_string()]),
    };
    run(&mut command)
}

/// The simulation's negative control: boxes that answer before their commit must be found out.
fn sabotage_is_found() -> anyhow::Result<()> {
    let mut command = Command::new(build(false)?.join("simulation"));
    let output = command.args(["--seeds", "20", "--sabotage"]).output()?;
    ensure!(!output.status.success(), "boxes that answer before their commit went unnoticed");
    Ok(())
}

pub(crate) fn paper(tickets: u64, seed: u64, blind: bool) -> anyhow::Result<()> {
    let mut command = Command::new(build(false)?.join("paper"));
    command.args(["--tickets", &tickets.to_string(), "--seed", &seed.to_string()]);
    if blind {
        command.arg("--blind");
    }
    run(&mut command)
}

/// The control of the count: a box that prints again without a word must be found out.
fn blind_resend_is_found() -> anyhow::Result<()> {
    let mut command = Command::new(build(false)?.join("paper"));
    let status = command.args(["--tickets", "40", "--blind"]).status()?;
    ensure!(status.code() == Some(1), "a box that prints twice without a word went unnoticed ({status})");
    Ok(())
}

pub(crate) fn bench(ids: &[String], json: bool, list: bool) -> anyhow::Result<()> {
    let mut command = Command::new(build(true)?.join("trivet-bench"));
    command.args(ids);
    if json {
        command.arg("--json");
    }
    if list {
        command.arg("--list");
    }
    run(&mut command)
}
