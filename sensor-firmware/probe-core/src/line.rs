//! The 1-Wire line, bit by bit, on a pin that pulls down and lets go (open drain).
//!
//! Times are those of Maxim's application note 126, "1-Wire Communication Through Software", table 2, standard speed;
//! the search is that of application note 187. An interrupt of more than about 9 µs inside a slot spoils the bit: the
//! check of what is read finds it, and it is read again.

use embedded_hal::delay::DelayNs;
use embedded_hal::digital::{InputPin, OutputPin};
use trivet_wire::Rom;

use crate::ds18b20::crc8;

const SEARCH: u8 = 0xf0;
const MATCH: u8 = 0x55;
const SKIP: u8 = 0xcc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineError {
    /// It is low though nobody pulls it down.
    Short,
    /// Nobody answers a reset.
    Empty,
    /// The pin itself failed.
    Pin,
}

pub struct OneWire<P, D> {
    pin: P,
    delay: D,
}

impl<P: InputPin + OutputPin, D: DelayNs> OneWire<P, D> {
    pub fn new(pin: P, delay: D) -> OneWire<P, D> {
        OneWire { pin, delay }
    }

    /// Wakes all sensors; an error if there is none.
    pub fn reset(&mut self) -> Result<(), LineError> {
        self.release()?;
        self.delay.delay_us(10);
        if self.is_low()? {
            return Err(LineError::Short);
        }
        self.pull()?;
        self.delay.delay_us(480);
        self.release()?;
        self.delay.delay_us(70);
        let presence = self.is_low()?;
        self.delay.delay_us(410);
        if self.is_low()? {
            return Err(LineError::Short);
        }
        if presence { Ok(()) } else { Err(LineError::Empty) }
    }

    /// Then the sensor of this number listens alone.
    pub fn select(&mut self, rom: &Rom) -> Result<(), LineError> {
        self.reset()?;
        self.write(&[MATCH])?;
        self.write(rom)
    }

    /// Then all sensors listen.
    pub fn select_all(&mut self) -> Result<(), LineError> {
        self.reset()?;
        self.write(&[SKIP])
    }

    pub fn write(&mut self, bytes: &[u8]) -> Result<(), LineError> {
        for byte in bytes {
            for at in 0..8 {
                self.write_bit(byte >> at & 1 == 1)?;
            }
        }
        Ok(())
    }

    pub fn read<const N: usize>(&mut self) -> Result<[u8; N], LineError> {
        let mut bytes = [0; N];
        for byte in &mut bytes {
            for at in 0..8 {
                *byte |= u8::from(self.read_bit()?) << at;
            }
        }
        Ok(bytes)
    }

    /// Finds the next sensor; `None` after the last one, or when the line was disturbed.
    pub fn search(&mut self, search: &mut Search) -> Result<Option<Rom>, LineError> {
        if search.done {
            return Ok(None);
        }
        self.reset()?;
        self.write(&[SEARCH])?;
        let (mut rom, mut last_zero) = (0_u64, None);
        for at in 0..64_u32 {
            let (bit, complement) = (self.read_bit()?, self.read_bit()?);
            let one = match (bit, complement) {
                // Nobody is left: the line was disturbed.
                (true, true) => {
                    search.done = true;
                    return Ok(None);
                }
                (false, false) => {
                    // Two ways: as before up to the last fork, there the other way, behind it zero first.
                    let one = match search.fork {
                        Some(fork) if at == fork => true,
                        Some(fork) if at < fork => search.rom >> at & 1 == 1,
                        _ => false,
                    };
                    if !one {
                        last_zero = Some(at);
                    }
                    one
                }
                (bit, _) => bit,
            };
            rom |= u64::from(one) << at;
            self.write_bit(one)?;
        }
        search.rom = rom;
        search.fork = last_zero;
        search.done = last_zero.is_none();
        let rom = rom.to_le_bytes();
        Ok((crc8(&rom) == 0 && rom != [0; 8]).then_some(rom))
    }

    fn write_bit(&mut self, one: bool) -> Result<(), LineError> {
        self.pull()?;
        self.delay.delay_us(if one { 6 } else { 60 });
        self.release()?;
        self.delay.delay_us(if one { 64 } else { 10 });
        Ok(())
    }

    fn read_bit(&mut self) -> Result<bool, LineError> {
        self.pull()?;
        self.delay.delay_us(6);
        self.release()?;
        self.delay.delay_us(9);
        let one = !self.is_low()?;
        self.delay.delay_us(55);
        Ok(one)
    }

    fn pull(&mut self) -> Result<(), LineError> {
        self.pin.set_low().map_err(|_| LineError::Pin)
    }

    fn release(&mut self) -> Result<(), LineError> {
        self.pin.set_high().map_err(|_| LineError::Pin)
    }

    fn is_low(&mut self) -> Result<bool, LineError> {
        self.pin.is_low().map_err(|_| LineError::Pin)
    }
}

/// How far a search of all numbers has come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Search {
    rom: u64,
    /// The last place where both ways were open and zero was taken.
    fork: Option<u32>,
    done: bool,
}

impl Search {
    pub fn is_done(&self) -> bool {
        self.done
    }
}
