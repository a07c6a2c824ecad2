//! Reports of a running box, and the process that draws them: it may fail, and takes nothing with it.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use trivet_restaurant::{Binaries, Plan, Restaurant, new_key, until};

fn draw(sheet: &[u8]) -> Output {
    let trivet = Binaries::find(None).unwrap().path("trivet").unwrap();
    let mut command = Command::new(trivet);
    // As the daemon starts it.
    command.arg("report-pdf").env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let sheet = sheet.to_owned();
    // One that died early does not read all.
    let writing = std::thread::spawn(move || drop(input.write_all(&sheet)));
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    output
}

fn sheet(rows: &Value) -> Vec<u8> {
    let column = json!({"id": "a", "head": "A", "weight": 1, "time": false});
    let table = json!({"section": "a", "title": "A", "columns": [column], "rows": rows, "empty": "", "note": null});
    json!({"title": "T", "language": "en", "foot": "F", "blocks": [{"Table": table}]}).to_string().into_bytes()
}

#[test]
fn what_draws_has_little_memory_and_dies_alone() {
    let drawn = draw(&sheet(&json!([["x"], ["y"]])));
    assert!(drawn.status.success() && drawn.stdout.starts_with(b"%PDF"));
    for broken in [&b""[..], b"{", b"\xff\xfe", &sheet(&json!("no rows"))] {
        let output = draw(broken);
        assert!(!output.status.success() && output.stdout.is_empty(), "{broken:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("the sheet does not read"), "{output:?}");
    }
    // Each row is a few bytes of JSON and a hundred in memory.
    let row = "[\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"]";
    let rows = vec![row; 1_800_000].join(",");
    let large = String::from_utf8(sheet(&json!([]))).unwrap().replace("\"rows\":[]", &format!("\"rows\":[{rows}]"));
    assert!(large.len() < 64 << 20);
    let output = draw(large.as_bytes());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && output.stdout.is_empty(), "{}", output.status);
    assert!(said.contains("memory allocation of"), "{}: {said}", output.status);
    let output = draw(&vec![b' '; (64 << 20) + 1]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("more than"), "{}", output.status);
}

#[test]
fn a_box_gives_its_report_as_figures_csv_and_pages() {
    let restaurant = Restaurant::open(&Plan { relay: false, ..Plan::default() }).unwrap();
    let auditor = restaurant.log_in("auditor").unwrap();
    // The span of a history that nobody named is the last day by the box's own clock.
    let history = format!("/api/v1/haccp/probes/{}/history", new_key());
    let history = auditor.get(&history).unwrap().expect_status(200).unwrap();
    let (from, to) = (history["from"].as_str().unwrap(), history["to"].as_str().unwrap());
    let path = |what: &str| format!("/api/v1/haccp/{what}?from={from}&to={to}");
    let (status, kind, pdf) = auditor.file(&path("report.pdf")).unwrap();
    assert_eq!((status, kind.as_str()), (200, "application/pdf"), "{}", String::from_utf8_lossy(&pdf));
    assert!(pdf.starts_with(b"%PDF"));
    let (status, _, csv) = auditor.file(&path("report.csv")).unwrap();
    assert!(status == 200 && String::from_utf8(csv).unwrap().starts_with("summary\r\nname,value\r\n"));
    let report = auditor.get(&path("report")).unwrap().expect_status(200).unwrap();
    let sentence = report["answer"]["sentence"].as_str().unwrap();
    assert!(sentence.starts_with("No "), "a box that has just begun says that it knows nothing: {sentence}");
    assert!(report["answer"]["coverage"]["of"].as_u64().unwrap() > 0);
}

#[test]
fn what_is_due_is_made_once_and_lies_beside_the_store() {
    let mut restaurant = Restaurant::open(&Plan { relay: false, ..Plan::default() }).unwrap();
    let manager = restaurant.log_in("manager").unwrap();
    let saved = json!({"name": "Yesterday", "every": "day", "keep": 3});
    let saved = manager.post("/api/v1/haccp/reports", &saved).unwrap().expect_status(201).unwrap();
    // It is looked for when the box starts, and each minute.
    restaurant.process("box1").stop();
    restaurant.restart("box1").unwrap();
    let auditor = restaurant.log_in("auditor").unwrap();
    let files = until(Duration::from_secs(90), || {
        let files = auditor.get("/api/v1/haccp/reports/files")?.expect_status(200)?["files"].clone();
        Ok(files.as_array().filter(|files| files.len() == 2).cloned())
    })
    .unwrap();
    let first_day = files[0]["to"].as_str().unwrap().to_owned();
    for (file, (form, begins)) in files.iter().zip([("csv", &b"summary"[..]), ("pdf", b"%PDF")]) {
        assert_eq!((&file["form"], &file["reportId"]), (&json!(form), &saved["id"]));
        let path = format!("/api/v1/haccp/reports/files/{}", file["id"].as_str().unwrap());
        let (status, _, bytes) = auditor.file(&path).unwrap();
        assert!(status == 200 && bytes.starts_with(begins), "{file}");
        assert_eq!(bytes.len() as u64, file["bytes"].as_u64().unwrap());
    }
    for other in ["..%2Ftrivet.db", "trivet.db", "x.pdf"] {
        let (status, _, _) = auditor.file(&format!("/api/v1/haccp/reports/files/{other}")).unwrap();
        assert_eq!(status, 404, "{other}");
    }
    // Five days later: of the days that it was off it makes as many as are kept, and the older ones go.
    restaurant.process("box1").stop();
    restaurant.set_clock_offset(5 * 24 * 3_600_000).unwrap();
    restaurant.restart("box1").unwrap();
    let auditor = restaurant.log_in("auditor").unwrap();
    let last_days = until(Duration::from_secs(90), || {
        let files = auditor.get("/api/v1/haccp/reports/files")?.expect_status(200)?["files"].clone();
        let days =
            files.as_array().into_iter().flatten().map(|file| file["to"].as_str().unwrap_or_default().to_owned());
        let days: Vec<String> = days.collect();
        Ok((days.len() == 6 && !days.contains(&first_day)).then_some(days))
    })
    .unwrap();
    assert_eq!(last_days.iter().collect::<BTreeSet<_>>().len(), 3, "{last_days:?}");
    assert!(restaurant.close());
}
