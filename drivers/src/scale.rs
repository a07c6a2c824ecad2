//! Counter scales on a serial line: Toledo 8217 and CAS. A weight counts only when the scale itself calls it stable.

use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_serial::{DataBits, Parity, SerialPortBuilderExt, SerialStream, StopBits};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// Mettler Toledo 8217 ("Mode 8217" of many others): `W` is answered by STX, the weight in kilograms, CR; or by STX,
    /// `?`, a status byte, CR.
    Toledo,
    /// CAS PD-II and others: `ENQ` is answered by `ACK`, then `DC1` by SOH STX, `S` or `U`, sign, six digits, unit, a
    /// check byte, ETX, EOT.
    Cas,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weighing {
    /// Grams, at rest.
    Stable(i64),
    Moving,
    Over,
    /// Below zero: the pan was taken off, or the scale not set to zero.
    Under,
}

#[derive(Debug, thiserror::Error)]
pub enum ScaleError {
    #[error("{0}")]
    Link(#[from] std::io::Error),
    #[error("it does not answer")]
    Silent,
    #[error("it answers what its protocol does not know")]
    Garbled,
    #[error("it weighs in `{0}`, which is no kilogram")]
    Unit(String),
}

const ANSWERS_WITHIN: Duration = Duration::from_millis(500);
/// The longest answer of both protocols, with room.
const LONGEST: usize = 32;
const STX: u8 = 0x02;
const CR: u8 = 0x0d;

/// A scale whose line is open.
pub struct Scale {
    port: SerialStream,
    protocol: Protocol,
}

impl Scale {
    /// Toledo scales leave the works with 7 bits and even parity, CAS with 8 and none.
    pub fn open(path: &str, baud: u32, protocol: Protocol) -> Result<Scale, ScaleError> {
        let builder = tokio_serial::new(path, baud);
        let builder = match protocol {
            Protocol::Toledo => builder.data_bits(DataBits::Seven).parity(Parity::Even).stop_bits(StopBits::One),
            Protocol::Cas => builder,
        };
        let port = builder.open_native_async().map_err(std::io::Error::from)?;
        Ok(Scale { port, protocol })
    }

    /// Asks once.
    pub async fn weigh(&mut self) -> Result<Weighing, ScaleError> {
        self.drain().await?;
        match self.protocol {
            Protocol::Toledo => {
                self.port.write_all(b"W").await?;
                let answer = self.until(CR).await?;
                toledo(&answer)
            }
            Protocol::Cas => {
                self.port.write_all(&[0x05]).await?;
                let answer = self.until(0x06).await?;
                if answer.last() != Some(&0x06) {
                    return Err(ScaleError::Garbled);
                }
                self.port.write_all(&[0x11]).await?;
                let answer = self.until(0x04).await?;
                cas(&answer)
            }
        }
    }

    /// What came unasked belongs to no question.
    async fn drain(&mut self) -> Result<(), ScaleError> {
        let mut old = [0; LONGEST];
        while let Ok(read) = timeout(Duration::from_millis(1), self.port.read(&mut old)).await {
            if read? == 0 {
                return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
            }
        }
        Ok(())
    }

    async fn until(&mut self, end: u8) -> Result<Vec<u8>, ScaleError> {
        let mut answer = Vec::new();
        let reading = async {
            while answer.last() != Some(&end) && answer.len() < LONGEST {
                answer.push(self.port.read_u8().await?);
            }
            Ok::<(), std::io::Error>(())
        };
        match timeout(ANSWERS_WITHIN, reading).await {
            Ok(read) => read?,
            Err(_) if answer.is_empty() => return Err(ScaleError::Silent),
            Err(_) => return Err(ScaleError::Garbled),
        }
        Ok(answer)
    }
}

/// `STX 01.234 CR`, or `STX ? status CR` with bit 0 in motion, 1 over, 2 under zero.
pub fn toledo(answer: &[u8]) -> Result<Weighing, ScaleError> {
    // Of seven data bits: whatever the line made of the eighth is no part of it.
    let answer: Vec<u8> = answer.iter().map(|byte| byte & 0x7f).collect();
    match answer.as_slice() {
        [STX, b'?', status, CR] if status & 0x02 != 0 => Ok(Weighing::Over),
        [STX, b'?', status, CR] if status & 0x04 != 0 => Ok(Weighing::Under),
        [STX, b'?', _, CR] => Ok(Weighing::Moving),
        // A net weight, with the dish taken off, ends with N.
        [STX, digits @ .., b'N', CR] | [STX, digits @ .., CR] => {
            kilograms(digits).map(Weighing::Stable).ok_or(ScaleError::Garbled)
        }
        _ => Err(ScaleError::Garbled),
    }
}

/// `SOH STX S|U sign ddd.ddd kg BCC ETX EOT`; the check byte is the XOR of what stands between STX and it.
pub fn cas(answer: &[u8]) -> Result<Weighing, ScaleError> {
    let [0x01, STX, body @ .., check, 0x03, 0x04] = answer else { return Err(ScaleError::Garbled) };
    if body.iter().fold(0, |sum, byte| sum ^ byte) != *check {
        return Err(ScaleError::Garbled);
    }
    match body {
        [b'F', ..] | [_, b'F', ..] => Ok(Weighing::Over),
        [b'U', ..] => Ok(Weighing::Moving),
        [b'S', b'-', ..] => Ok(Weighing::Under),
        [b'S', _, rest @ ..] => {
            let split = rest.len().saturating_sub(2);
            let (digits, unit) = (rest.get(..split).unwrap_or_default(), rest.get(split..).unwrap_or_default());
            if !unit.eq_ignore_ascii_case(b"kg") {
                return Err(ScaleError::Unit(String::from_utf8_lossy(unit).into_owned()));
            }
            kilograms(digits).map(Weighing::Stable).ok_or(ScaleError::Garbled)
        }
        _ => Err(ScaleError::Garbled),
    }
}

/// Digits with a point, as grams.
fn kilograms(digits: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(digits).ok()?.trim();
    let (whole, part) = text.split_once('.')?;
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(part) || whole.len() > 4 || part.len() > 3 {
        return None;
    }
    let thousandths: i64 = format!("{part:0<3}").parse().ok()?;
    Some(whole.parse::<i64>().ok()? * 1_000 + thousandths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_stable_weight_is_one() {
        for (answer, expected) in [
            (&b"\x0201.234\r"[..], Some(Weighing::Stable(1_234))),
            (b"\x0201.000N\r", Some(Weighing::Stable(1_000))),
            (b"\x0200.05\r", Some(Weighing::Stable(50))),
            (b"\x82\xb0\xb1.\xb5\xb0\xb0\r", Some(Weighing::Stable(1_500))),
            (b"\x02?A\r", Some(Weighing::Moving)),
            (b"\x02?B\r", Some(Weighing::Over)),
            (b"\x02?D\r", Some(Weighing::Under)),
            (b"\x021234\r", None),
            (b"\x020-.234\r", None),
            (b"01.234\r", None),
        ] {
            assert_eq!(toledo(answer).ok(), expected, "{answer:x?}");
        }
    }

    #[test]
    fn a_cas_answer_is_checked() {
        let answer = |body: &[u8]| {
            let check = body.iter().fold(0, |sum, byte| sum ^ byte);
            [&[1, 2], body, &[check, 3, 4]].concat()
        };
        for (body, expected) in [
            (&b"S 01.234kg"[..], Some(Weighing::Stable(1_234))),
            (b"U 01.234kg", Some(Weighing::Moving)),
            (b"S-00.002kg", Some(Weighing::Under)),
            (b"S 01.234lb", None),
        ] {
            assert_eq!(cas(&answer(body)).ok(), expected, "{body:?}");
        }
        let mut wrong = answer(b"S 01.234kg");
        wrong[5] ^= 1;
        assert!(cas(&wrong).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_answer_panics(bytes: Vec<u8>) {
            drop((toledo(&bytes), cas(&bytes)));
        }
    }
}
