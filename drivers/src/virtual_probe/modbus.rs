//! A Modbus RTU slave: request bytes in, reply bytes out.
//!
//! From "MODBUS over serial line" 2.5.1 (frame and CRC) and "MODBUS application protocol" 6.3, 6.4 and 7 (functions
//! 01 to 04, exceptions). A slave answers only what is addressed to it and arrived whole; to the rest it is silent.

/// Temperature in 0.1 °C, then the status word.
pub const REGISTERS: u16 = 2;
/// Eight discrete inputs, of which the first is a door's contact; this is the first that is not there.
const BITS_END: u16 = 9;
/// What register 0 holds when the sensor is open.
pub const SENSOR_OPEN: u16 = 0x8000;
/// A request of function 03 or 04 is this long.
pub const READ_REQUEST_BYTES: usize = 8;
/// No RTU frame is longer.
pub const LONGEST_FRAME: usize = 256;

/// What one unit holds at the moment of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bank {
    /// Register 0.
    pub temperature: u16,
    /// Register 1; bit 0 is "sensor open".
    pub status: u16,
    /// Discrete input 0 (and coil 0): the door's contact is made.
    pub closed: bool,
    /// Answers everything with this exception instead.
    pub exception: Option<u8>,
}

/// The reply to one frame, or `None` for silence. `bank` knows the units on the line.
pub fn reply(frame: &[u8], bank: impl FnOnce(u8) -> Option<Bank>) -> Option<Vec<u8>> {
    let (body, crc) = frame.split_last_chunk::<2>()?;
    if crc16(body) != u16::from_le_bytes(*crc) {
        return None;
    }
    let [unit, function, rest @ ..] = body else {
        return None;
    };
    let bank = bank(*unit)?;
    Some(sealed(match answer(*function, rest, bank) {
        Ok(data) => [&[*unit, *function], data.as_slice()].concat(),
        Err(exception) => vec![*unit, function | 0x80, exception],
    }))
}

fn answer(function: u8, rest: &[u8], bank: Bank) -> Result<Vec<u8>, u8> {
    const ILLEGAL_FUNCTION: u8 = 1;
    const ILLEGAL_ADDRESS: u8 = 2;
    const ILLEGAL_VALUE: u8 = 3;
    if let Some(exception) = bank.exception {
        return Err(exception);
    }
    if !matches!(function, 1..=4) {
        return Err(ILLEGAL_FUNCTION);
    }
    let &[start_high, start_low, count_high, count_low] = rest else {
        return Err(ILLEGAL_VALUE);
    };
    let start = u16::from_be_bytes([start_high, start_low]);
    let count = u16::from_be_bytes([count_high, count_low]);
    if matches!(function, 1 | 2) {
        return match (count, start.checked_add(count)) {
            (0 | 2_001.., _) => Err(ILLEGAL_VALUE),
            (_, None | Some(BITS_END..)) => Err(ILLEGAL_ADDRESS),
            _ => Ok(vec![1, if start == 0 { u8::from(bank.closed) } else { 0 }]),
        };
    }
    if !(1..=125).contains(&count) {
        return Err(ILLEGAL_VALUE);
    }
    if start.checked_add(count).is_none_or(|end| end > REGISTERS) {
        return Err(ILLEGAL_ADDRESS);
    }
    let mut data = vec![u8::try_from(count * 2).unwrap_or(u8::MAX)];
    let registers = [bank.temperature, bank.status];
    for register in registers.iter().skip(usize::from(start)).take(usize::from(count)) {
        data.extend_from_slice(&register.to_be_bytes());
    }
    Ok(data)
}

/// Register 0 for a temperature.
pub fn temperature_register(celsius: f64) -> u16 {
    #[expect(clippy::cast_possible_truncation, reason = "clamped to the range of an i16, without the sentinel")]
    let tenths = (celsius * 10.0).round().clamp(-32_767.0, 32_767.0) as i16;
    tenths.cast_unsigned()
}

fn sealed(mut body: Vec<u8>) -> Vec<u8> {
    let crc = crc16(&body);
    body.extend_from_slice(&crc.to_le_bytes());
    body
}

/// CRC-16/Modbus: polynomial A001h reflected, start FFFFh.
pub fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xa001 } else { crc >> 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(request: &[u8], expected: Option<&[u8]>) {
        let bank = |unit| (unit == 5).then_some(Bank { temperature: 0xffd3, status: 0, exception: None, closed: true });
        let got = reply(&sealed(request.to_vec()), bank);
        assert_eq!(got, expected.map(|body| sealed(body.to_vec())), "{request:x?}");
    }

    #[test]
    fn the_crc_is_that_of_the_catalogue() {
        assert_eq!(crc16(b"123456789"), 0x4b37);
    }

    #[test]
    fn replies() {
        check(&[5, 3, 0, 0, 0, 1], Some(&[5, 3, 2, 0xff, 0xd3]));
        check(&[5, 4, 0, 0, 0, 2], Some(&[5, 4, 4, 0xff, 0xd3, 0, 0]));
        check(&[5, 3, 0, 1, 0, 1], Some(&[5, 3, 2, 0, 0]));
        check(&[5, 3, 0, 2, 0, 1], Some(&[5, 0x83, 2]));
        check(&[5, 3, 0, 1, 0, 2], Some(&[5, 0x83, 2]));
        check(&[5, 3, 0xff, 0xff, 0, 2], Some(&[5, 0x83, 2]));
        check(&[5, 3, 0, 0, 0, 0], Some(&[5, 0x83, 3]));
        check(&[5, 4, 0, 0, 0, 126], Some(&[5, 0x84, 3]));
        check(&[5, 2, 0, 0, 0, 8], Some(&[5, 2, 1, 1]));
        check(&[5, 1, 0, 4, 0, 2], Some(&[5, 1, 1, 0]));
        check(&[5, 2, 0, 4, 0, 5], Some(&[5, 0x82, 2]));
        check(&[5, 6, 0, 0, 0, 1], Some(&[5, 0x86, 1]));
        check(&[6, 3, 0, 0, 0, 1], None);
        check(&[0, 3, 0, 0, 0, 1], None);
        check(&[5], None);
    }

    #[test]
    fn a_bad_crc_or_a_short_frame_gets_silence() {
        let bank = |_| Some(Bank { temperature: 0, status: 0, exception: None, closed: true });
        let mut frame = sealed(vec![5, 3, 0, 0, 0, 1]);
        assert!(reply(&frame, bank).is_some());
        frame.iter_mut().for_each(|byte| *byte ^= 1);
        assert_eq!(reply(&frame, bank), None);
        assert_eq!(reply(&[], bank), None);
        assert_eq!(reply(&[5, 3], bank), None);
    }

    #[test]
    fn registers() {
        for (celsius, register) in [(3.97, 40), (-4.5, 0xffd3), (0.0, 0), (9e9, 0x7fff), (-9e9, 0x8001)] {
            assert_eq!(temperature_register(celsius), register, "{celsius}");
        }
    }
}
