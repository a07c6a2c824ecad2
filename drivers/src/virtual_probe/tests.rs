//! The probes over a real PTY.

use super::modbus::crc16;
use super::*;
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_serial::SerialStream;

const LIMIT: Duration = Duration::from_secs(20);

async fn started(link: &Path) -> VirtualProbes {
    let unit = |id, name: &str| Unit { id, name: name.to_owned(), start_c: 3.0 };
    VirtualProbes::start(Options {
        modbus: Some((link.to_owned(), 9600)),
        units: vec![unit(5, "walk-in"), unit(6, "freezer")],
        w1: None,
        sensors: Vec::new(),
        broker: None,
        topics: Vec::new(),
        period: Duration::from_secs(1),
        control: "127.0.0.1:0".parse().unwrap(),
    })
    .await
    .unwrap()
}

fn open(link: &Path) -> SerialStream {
    SerialStream::open(&tokio_serial::new(link.to_str().unwrap(), 9600)).unwrap()
}

async fn ask(port: &mut SerialStream, body: &[u8], count: usize) -> Vec<u8> {
    let frame = [body, &crc16(body).to_le_bytes()].concat();
    port.write_all(&frame).await.unwrap();
    let mut reply = vec![0; count];
    tokio::time::timeout(LIMIT, port.read_exact(&mut reply)).await.expect("no reply").unwrap();
    reply
}

#[tokio::test]
async fn units_answer_over_a_pty_and_masters_come_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("bus");
    let probes = started(&link).await;
    probes.order(&json!({"probe": "walk-in", "fault": "value", "value": -4.5, "jump": true})).unwrap();
    for _ in 0..3 {
        let mut port = open(&link);
        assert_eq!(ask(&mut port, &[5, 4, 0, 0, 0, 1], 7).await[..5], [5, 4, 2, 0xff, 0xd3]);
        assert_eq!(ask(&mut port, &[5, 3, 0, 9, 0, 1], 5).await[..3], [5, 0x83, 2]);
    }
    let mut port = open(&link);
    probes.order(&json!({"probe": "freezer", "fault": "sentinel"})).unwrap();
    assert_eq!(ask(&mut port, &[6, 3, 0, 0, 0, 2], 9).await[..7], [6, 3, 4, 0x80, 0, 0, 1]);
    // Half a frame: a request right behind it is lost with it, one after a silence is understood.
    port.write_all(&[5, 3, 0]).await.unwrap();
    let reply = loop {
        let patience = Duration::from_millis(200);
        if let Ok(reply) = tokio::time::timeout(patience, ask(&mut port, &[5, 3, 0, 1, 0, 1], 7)).await {
            break reply;
        }
    };
    assert_eq!(reply[..5], [5, 3, 2, 0, 0]);
    // Unit 5 is late: the reply of unit 6 comes first.
    probes.order(&json!({"probe": "walk-in", "fault": "late", "value": 100})).unwrap();
    port.write_all(&[[5, 3, 0, 0, 0, 1].as_slice(), &crc16(&[5, 3, 0, 0, 0, 1]).to_le_bytes()].concat()).await.unwrap();
    assert_eq!(ask(&mut port, &[6, 3, 0, 1, 0, 1], 7).await[0], 6);
    let mut late = [0; 7];
    tokio::time::timeout(LIMIT, port.read_exact(&mut late)).await.expect("no late reply").unwrap();
    assert_eq!(late[0], 5);
    let state = probes.state();
    assert_eq!(state["probes"]["walk-in"]["address"], json!(format!("modbus:{}@9600,5", link.display())));
    probes.stop().await;
    assert!(!link.is_symlink());
}

#[tokio::test]
async fn two_probes_of_one_name_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let unit = |id| Unit { id, name: "fridge".to_owned(), start_c: 3.0 };
    let result = VirtualProbes::start(Options {
        modbus: Some((folder.path().join("bus"), 9600)),
        units: vec![unit(5), unit(6)],
        w1: None,
        sensors: Vec::new(),
        broker: None,
        topics: Vec::new(),
        period: Duration::from_secs(1),
        control: "127.0.0.1:0".parse().unwrap(),
    })
    .await;
    assert!(result.unwrap_err().to_string().contains("fridge"));
}

#[tokio::test]
async fn a_sensor_in_a_folder_comes_lies_and_goes() {
    let folder = tempfile::tempdir().unwrap();
    let sensor = Sensor { id: "28-0316a2793b21".to_owned(), name: "fridge".to_owned(), start_c: 3.0 };
    let probes = VirtualProbes::start(Options {
        modbus: None,
        units: Vec::new(),
        w1: Some(folder.path().to_owned()),
        sensors: vec![sensor],
        broker: None,
        topics: Vec::new(),
        period: Duration::from_millis(5),
        control: "127.0.0.1:0".parse().unwrap(),
    })
    .await
    .unwrap();
    let file = folder.path().join("28-0316a2793b21/w1_slave");
    for (fault, expected) in [("none", Some("YES")), ("bad_crc", Some("NO")), ("gone", None), ("none", Some("YES"))] {
        probes.order(&json!({"fault": fault})).unwrap();
        let is_so = || async {
            while std::fs::read_to_string(&file).ok().is_some_and(|text| text.contains("YES"))
                != (expected == Some("YES"))
                || file.exists() != expected.is_some()
            {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(LIMIT, is_so()).await.expect(fault);
    }
    assert!(probes.order(&json!({"fault": "echo"})).is_err());
}
