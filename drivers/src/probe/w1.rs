//! 1-Wire sensors through the kernel's `w1_therm` driver: the text of `w1_slave` becomes a temperature or a reason.
//!
//! The kernel's own `t=` is not used: on its second line it repeats the last good bytes after a failed read, and it
//! calls 85 °C a temperature. The nine bytes of the first line are decoded here, by the datasheets of DS18B20 and
//! DS18S20 (Maxim 19-7487 and 19-5474).

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::bus::tell;
use super::{NoData, Raw, Report, Sample, Value};

pub const ROOT: &str = "/sys/bus/w1/devices";
/// A conversion takes up to 750 ms; a read that takes longer than this hangs.
const READ_WITHIN: Duration = Duration::from_secs(3);
/// `w1_slave` has two lines of forty characters.
const MOST_TEXT: usize = 256;
/// Sensors of a bus that are listed.
pub const MOST_FOUND: usize = 64;

/// The families that measure: DS18S20, DS1822, DS18B20, DS1825, DS28EA00.
const FAMILIES: [u8; 5] = [0x10, 0x22, 0x28, 0x3b, 0x42];

/// A sensor's name in sysfs: family and serial number, `28-0316a2793b21`.
pub fn family(id: &str) -> Option<u8> {
    let (family, serial) = id.split_once('-')?;
    let is_hex = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let family = u8::from_str_radix(family, 16).ok().filter(|_| is_hex(family, 2) && is_hex(serial, 12))?;
    FAMILIES.contains(&family).then_some(family)
}

/// What the text of a sensor's `w1_slave` says.
pub fn decode(family: u8, text: &str) -> (Value, Raw) {
    let Some((bytes, checked)) = first_line(text) else {
        return (Err(NoData::Malformed), Raw::of(text.as_bytes()));
    };
    let raw = Raw::of(&bytes);
    let value = match of_bytes(family, bytes) {
        Err(NoData::AllZero) => Err(NoData::AllZero),
        Err(NoData::Disconnected) => Err(NoData::Disconnected),
        _ if !checked => Err(NoData::Crc),
        value => value,
    };
    (value, raw)
}

/// What the nine bytes of a sensor's memory say.
pub(super) fn of_bytes(family: u8, bytes: [u8; 9]) -> Value {
    match bytes {
        // Of nine zeros the checksum is right: no answer on a line that hangs low.
        [0, 0, 0, 0, 0, 0, 0, 0, 0] => Err(NoData::AllZero),
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff] => Err(NoData::Disconnected),
        [.., crc] if crc8(bytes.get(..8).unwrap_or_default()) != crc => Err(NoData::Crc),
        _ => scratchpad(family, bytes),
    }
}

/// The nine bytes of the first line, and whether it says YES.
fn first_line(text: &str) -> Option<([u8; 9], bool)> {
    let mut words = text.lines().next()?.split_whitespace();
    let mut bytes = [0; 9];
    for byte in &mut bytes {
        *byte = u8::from_str_radix(words.next().filter(|word| word.len() == 2)?, 16).ok()?;
    }
    Some((bytes, words.last() == Some("YES")))
}

fn scratchpad(family: u8, bytes: [u8; 9]) -> Value {
    let [low, high, _, _, configuration, _, remain, per_degree, _] = bytes;
    let register = i16::from_le_bytes([low, high]);
    let milli = if family == 0x10 {
        // The DS18S20 counts half degrees; what remains of a count refines them (DS18S20, "Operation").
        if register == 0x00aa && remain == 0x0c && per_degree == 0x10 {
            return Err(NoData::PowerOnReset);
        }
        let whole = i32::from(register >> 1) * 1_000;
        match i32::from(per_degree) {
            0 => i32::from(register) * 500,
            per_degree => whole - 250 + (per_degree - i32::from(remain)) * 1_000 / per_degree,
        }
    } else {
        match (register, remain) {
            (0x0550, 0x0c) => return Err(NoData::PowerOnReset),
            (0x07ff, 0x0c) => return Err(NoData::InsufficientPower),
            _ => {}
        }
        // Below twelve bits of resolution the last ones mean nothing.
        let unused = 3 - (configuration >> 5 & 3);
        let sixteenths = i32::from(register) >> unused << unused;
        (sixteenths * 125 + 1).div_euclid(2)
    };
    if (-55_000..=125_000).contains(&milli) { Ok(milli) } else { Err(NoData::OutOfRange) }
}

/// CRC-8 of 1-Wire: polynomial 0x31 reflected, initial value 0 (Maxim application note 27).
pub fn crc8(bytes: &[u8]) -> u8 {
    bytes
        .iter()
        .fold(0, |crc, byte| (0..8).fold(crc ^ byte, |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0x8c } else { crc >> 1 }))
}

/// Reads a sensor. It blocks for as long as the sensor measures, up to 800 ms.
pub fn read(root: &Path, id: &str) -> (Value, Raw) {
    let Some(family) = family(id) else { return (Err(NoData::Disconnected), Raw::NONE) };
    let folder = root.join(id);
    match text_of(&folder.join("w1_slave")) {
        Ok(text) if text.trim().is_empty() => (Err(NoData::Disconnected), Raw::NONE),
        Ok(text) => decode(family, &text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => (Err(NoData::Disconnected), Raw::NONE),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => (Err(NoData::Malformed), Raw::NONE),
        Err(_) => (Err(NoData::Offline), Raw::NONE),
    }
}

fn text_of(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let file = std::fs::File::open(path)?;
    io::Read::read_to_string(&mut io::Read::take(file, MOST_TEXT as u64), &mut text)?;
    Ok(text)
}

/// Bit 0: a sensor that has just been powered is asked again. Bit 1: the end of a conversion is looked for, not waited
/// for. Kernels before 5.10 have no such file (Documentation/w1/slaves/w1_therm.rst).
fn set_features(root: &Path, id: &str) {
    let features = root.join(id).join("features");
    if features.exists()
        && let Err(error) = std::fs::write(&features, "3")
    {
        tracing::debug!(%error, path = %features.display(), "1-Wire features");
    }
}

/// The sensors that the kernel has found, at most [`MOST_FOUND`].
pub fn list(root: &Path) -> io::Result<Vec<String>> {
    let names = std::fs::read_dir(root)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut found: Vec<String> = names.filter(|name| family(name).is_some()).take(MOST_FOUND).collect();
    found.sort();
    Ok(found)
}

/// The sensors of one root that are wired to inputs: (input, id).
#[derive(Clone, Debug)]
pub struct Wire {
    pub root: PathBuf,
    pub sensors: Vec<(String, String)>,
    pub period: Duration,
}

/// Reads one sensor after the other, each in a thread of its own, for as long as somebody listens. A read that hangs,
/// or a full channel, holds up its wire and nothing else, and no second read is begun before the first ends.
pub async fn run(wire: Wire, reports: mpsc::Sender<Report>) {
    let mut begun = false;
    while !reports.is_closed() {
        let until = Instant::now() + wire.period;
        let line = std::fs::metadata(&wire.root).map(drop);
        let line = line.map_err(|error| format!("{}: {error}", wire.root.display()));
        tell(&reports, Report::Line(line)).await;
        for (input, id) in &wire.sensors {
            let (root, sensor) = (wire.root.clone(), id.clone());
            let mut reading = tokio::task::spawn_blocking(move || {
                if !begun {
                    set_features(&root, &sensor);
                }
                read(&root, &sensor)
            });
            let (value, raw) = loop {
                match timeout(READ_WITHIN, &mut reading).await {
                    Ok(Ok(read)) => break read,
                    Ok(Err(_)) => break (Err(NoData::Offline), Raw::NONE),
                    Err(_) if reports.is_closed() => return,
                    Err(_) => {
                        for (input, _) in &wire.sensors {
                            tell(&reports, Report::Sample(Sample::new(input, Err(NoData::Timeout)))).await;
                        }
                    }
                }
            };
            tell(&reports, Report::Sample(Sample { raw, ..Sample::new(input, value) })).await;
        }
        begun = true;
        tokio::time::sleep_until(until).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text as the kernel writes it: the checksum is that of the bytes unless it is given.
    fn text(bytes: [u8; 8], crc: Option<u8>, verdict: &str) -> String {
        let crc = crc.unwrap_or_else(|| crc8(&bytes));
        let hex: Vec<String> = bytes.iter().chain([&crc]).map(|byte| format!("{byte:02x}")).collect();
        let hex = hex.join(" ");
        format!("{hex} : crc={crc:02x} {verdict}\n{hex} t=12345\n")
    }

    #[test]
    fn texts_of_the_kernel() {
        let ds18b20 = |low, high, remain| [low, high, 0x4b, 0x46, 0x7f, 0xff, remain, 0x10];
        let table = [
            // Of the DS18B20 datasheet, table 1; 25.0625 is half a thousandth more than is shown.
            ("125", 0x28, text(ds18b20(0xd0, 0x07, 0x0c), None, "YES"), Ok(125_000)),
            ("25.0625", 0x28, text(ds18b20(0x91, 0x01, 0x0f), None, "YES"), Ok(25_063)),
            ("0", 0x28, text(ds18b20(0, 0, 0x10), None, "YES"), Ok(0)),
            ("-10.125", 0x28, text(ds18b20(0x5e, 0xff, 0x02), None, "YES"), Ok(-10_125)),
            ("-55", 0x28, text(ds18b20(0x90, 0xfc, 0x10), None, "YES"), Ok(-55_000)),
            ("85 that was measured", 0x28, text(ds18b20(0x50, 0x05, 0x10), None, "YES"), Ok(85_000)),
            ("85 since the power came", 0x28, text(ds18b20(0x50, 0x05, 0x0c), None, "YES"), Err(NoData::PowerOnReset)),
            ("too little power", 0x28, text(ds18b20(0xff, 0x07, 0x0c), None, "YES"), Err(NoData::InsufficientPower)),
            ("127.9", 0x28, text(ds18b20(0xff, 0x07, 0x01), None, "YES"), Err(NoData::OutOfRange)),
            ("nine bits", 0x28, text([0x37, 0, 0x4b, 0x46, 0x1f, 0xff, 0x09, 0x10], None, "YES"), Ok(3_000)),
            ("NO", 0x28, text(ds18b20(0x40, 0, 0x10), None, "NO"), Err(NoData::Crc)),
            ("YES and yet wrong", 0x28, text(ds18b20(0x40, 0, 0x10), Some(0x55), "YES"), Err(NoData::Crc)),
            ("zeros", 0x28, text([0; 8], None, "YES"), Err(NoData::AllZero)),
            ("ones", 0x28, text([0xff; 8], Some(0xff), "NO"), Err(NoData::Disconnected)),
            ("no text", 0x28, String::new(), Err(NoData::Malformed)),
            ("a cut text", 0x28, "4b 01 4b".to_owned(), Err(NoData::Malformed)),
            // DS18S20: 0x0032 is 25 °C; with a rest of 12 of 16 it is 25 - 0.25 + 0.25.
            ("DS18S20", 0x10, text([0x32, 0, 0x4b, 0x46, 0xff, 0xff, 0x0c, 0x10], None, "YES"), Ok(25_000)),
            ("DS18S20 below", 0x10, text([0xce, 0xff, 0x4b, 0x46, 0xff, 0xff, 0x0c, 0x10], None, "YES"), Ok(-25_000)),
            (
                "DS18S20 reset",
                0x10,
                text([0xaa, 0, 0, 0, 0xff, 0xff, 0x0c, 0x10], None, "YES"),
                Err(NoData::PowerOnReset),
            ),
        ];
        for (name, family, text, expected) in table {
            assert_eq!(decode(family, &text).0, expected, "{name}");
        }
    }

    /// A real text, from the kernel's documentation of w1_therm.
    #[test]
    fn the_second_line_is_not_read() {
        let (value, raw) =
            decode(0x28, "72 01 4b 46 7f ff 0e 10 57 : crc=57 YES\n72 01 4b 46 7f ff 0e 10 57 t=99999\n");
        assert_eq!(value, Ok(23_125));
        assert_eq!(raw.as_slice(), [0x72, 0x01, 0x4b, 0x46, 0x7f, 0xff, 0x0e, 0x10, 0x57]);
    }

    #[test]
    fn names_of_sensors() {
        for (id, expected) in [
            ("28-0316a2793b21", Some(0x28)),
            ("10-000801b5a7a6", Some(0x10)),
            ("w1_bus_master1", None),
            ("00-400000000000", None),
            ("28-../../etc/pw", None),
            ("28-0316a2793b", None),
        ] {
            assert_eq!(family(id), expected, "{id}");
        }
    }

    #[tokio::test]
    async fn a_wire_tells_values_and_what_is_not_there() {
        let root = tempfile::tempdir().unwrap();
        let (here, gone) = ("28-0316a2793b21", "28-0316a2793b22");
        std::fs::create_dir(root.path().join(here)).unwrap();
        let good = text([0x91, 0x01, 0x4b, 0x46, 0x7f, 0xff, 0x0f, 0x10], None, "YES");
        std::fs::write(root.path().join(here).join("w1_slave"), good).unwrap();
        std::fs::write(root.path().join(here).join("features"), "0").unwrap();
        assert_eq!(list(root.path()).unwrap(), [here]);
        let sensors = vec![("fridge".to_owned(), here.to_owned()), ("freezer".to_owned(), gone.to_owned())];
        let (reports, mut told) = mpsc::channel(16);
        let wire = Wire { root: root.path().to_owned(), sensors, period: Duration::from_millis(10) };
        tokio::spawn(run(wire, reports));
        assert_eq!(told.recv().await, Some(Report::Line(Ok(()))));
        let Some(Report::Sample(fridge)) = told.recv().await else { panic!("no sample") };
        assert_eq!((fridge.input.as_str(), fridge.value, fridge.raw.as_slice().len()), ("fridge", Ok(25_063), 9));
        let Some(Report::Sample(freezer)) = told.recv().await else { panic!("no sample") };
        assert_eq!((freezer.input.as_str(), freezer.value), ("freezer", Err(NoData::Disconnected)));
        assert_eq!(std::fs::read_to_string(root.path().join(here).join("features")).unwrap(), "3");
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(family: u8, text: String) {
            let _ = decode(family, &text);
        }

        #[test]
        fn a_flipped_bit_is_never_a_temperature(mut bytes: [u8; 8], bit in 0usize..64) {
            let crc = crc8(&bytes);
            bytes[bit / 8] ^= 1 << (bit % 8);
            proptest::prop_assert!(decode(0x28, &text(bytes, Some(crc), "YES")).0.is_err());
        }
    }
}
