//! `simulation --seeds N | --seed S`: three boxes of one restaurant, in one thread, under a seeded scheduler.

#[path = "../../simulation/mod.rs"]
mod simulation;

use std::time::Instant;

fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)?.parse::<u64>().ok()
    };
    let sabotage = arguments.iter().any(|argument| argument == "--sabotage");
    let (first, count) = match (value("--seed"), value("--seeds")) {
        (Some(seed), _) => (seed, 1),
        (None, count) => (1, count.unwrap_or(3_000)),
    };
    let started = Instant::now();
    let mut failures = 0u64;
    for seed in first..first + count {
        if let Err(failure) = simulation::run(seed, sabotage) {
            failures += 1;
            if failures <= 5 {
                eprintln!("seed {seed}: {failure}");
            }
        }
    }
    let rate = count as f64 / started.elapsed().as_secs_f64();
    say(&format!("{count} schedules, {failures} failures, {rate:.0} schedules/s"));
    if failures == 0 { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
}

#[expect(clippy::print_stdout, reason = "the last line is what scripts read")]
fn say(line: &str) {
    println!("{line}");
}
