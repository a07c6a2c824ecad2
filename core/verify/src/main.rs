//! `trivet-verify FILE`: is this record what its boxes wrote?

use std::io::Write;

fn main() -> std::process::ExitCode {
    let (text, code) = trivet_verify::run(std::env::args().skip(1));
    drop(std::io::stdout().write_all(text.as_bytes()));
    code.into()
}
