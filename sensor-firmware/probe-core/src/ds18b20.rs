//! What a DS18B20 says (Maxim data sheet 19-7487).

use trivet_wire::{Quality, Scratchpad};

/// First byte of the number of each DS18B20.
pub const FAMILY: u8 = 0x28;
pub const CONVERT: u8 = 0x44;
pub const READ: u8 = 0xbe;
pub const WRITE: u8 = 0x4e;

/// What `milli_c` is worth, and the temperature in thousandths of a degree, halves rounded up.
///
/// 85 °C is a temperature too: it means "never converted" only while byte 6 is 0x0c, which a conversion to 85 °C
/// leaves at 0x10.
pub fn decode(raw: &Scratchpad) -> (Option<i32>, Quality) {
    let [low, high, _, _, config, five, six, seven, _] = *raw;
    let sixteenths = i16::from_le_bytes([low, high]);
    let bad = |quality| (None, quality);
    if *raw == [0xff; 9] {
        return bad(Quality::Disconnected);
    }
    // Their check would fit.
    if *raw == [0; 9] {
        return bad(Quality::AllZero);
    }
    if crc8(raw) != 0 {
        return bad(Quality::Crc);
    }
    if sixteenths == 0x0550 && six == 0x0c {
        return bad(Quality::PowerOnReset);
    }
    if sixteenths == 0x07ff && six == 0x0c {
        return bad(Quality::InsufficientPower);
    }
    // Below 12 bits the lowest ones are undefined.
    let unused = 3 - (config >> 5 & 3);
    let milli = (i32::from(sixteenths >> unused << unused) * 125 + 1).div_euclid(2);
    if !(-55_000..=125_000).contains(&milli) {
        return bad(Quality::Range);
    }
    let as_the_data_sheet_says = config & 0x9f == 0x1f && five == 0xff && seven == 0x10;
    (Some(milli), if as_the_data_sheet_says { Quality::Good } else { Quality::Counterfeit })
}

/// The configuration byte for 9 to 12 bits.
pub fn config(resolution_bits: u8) -> u8 {
    (resolution_bits.clamp(9, 12) - 9) << 5 | 0x1f
}

/// Longest time of a conversion, rounded up.
pub fn conversion_ms(resolution_bits: u8) -> u64 {
    match resolution_bits {
        ..=9 => 94,
        10 => 188,
        11 => 375,
        _ => 750,
    }
}

/// Maxim's CRC-8 (application note 27): 0 over bytes that end with their check.
pub fn crc8(bytes: &[u8]) -> u8 {
    bytes
        .iter()
        .fold(0, |crc, byte| (0..8).fold(crc ^ byte, |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0x8c } else { crc >> 1 }))
}
