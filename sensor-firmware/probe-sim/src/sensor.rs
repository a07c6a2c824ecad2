//! A DS18B20 as its master sees it (data sheet 19-7487): commands of eight slots each, and memory.

/// A DS18B20 answers a reset within 15 to 60 µs, for 60 to 240 µs.
const PRESENCE_FROM_NS: u64 = 30_000;
const PRESENCE_FOR_NS: u64 = 120_000;
/// How long it holds the line low for a zero: the master looks within 15 µs.
const HOLD_NS: u64 = 30_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SensorFault {
    #[default]
    None,
    /// Its plug is out.
    Unplugged,
    /// It loses its power with each conversion.
    PowerOnReset,
    /// It has too little power to convert.
    Starved,
    /// A chip of another maker, with other reserved bytes.
    Counterfeit,
    /// Its data come with a wrong bit.
    Corrupt,
    /// It gives zeros.
    Zero,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// A written one, or a read.
    One,
    Zero,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Nothing but a reset wakes it.
    Deaf,
    RomCommand,
    FunctionCommand,
    Match {
        at: u8,
    },
    Search {
        at: u8,
        step: SearchStep,
    },
    SendRom {
        at: u8,
    },
    SendMemory {
        at: u8,
    },
    TakeMemory {
        at: u8,
    },
    Converting,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SearchStep {
    Bit,
    Complement,
    Choice,
}

#[derive(Clone, Copy, Debug)]
pub struct Sensor {
    rom: u64,
    /// What it is surrounded by.
    pub milli_c: i32,
    pub fault: SensorFault,
    mode: Mode,
    command: u8,
    bits: u8,
    registers: [u8; 8],
    converted_ns: u64,
    hold: (u64, u64),
}

impl Sensor {
    /// `serial` are 48 bits; family and check are put around them.
    pub fn new(serial: u64, milli_c: i32) -> Sensor {
        let body = (serial << 8 & 0x00ff_ffff_ffff_ff00) | 0x28;
        let bytes = body.to_le_bytes();
        let check = crc(bytes.iter().take(7));
        Sensor {
            rom: body | u64::from(check) << 56,
            milli_c,
            fault: SensorFault::None,
            mode: Mode::Deaf,
            command: 0,
            bits: 0,
            // As after power was given: 85 °C, 12 bits.
            registers: [0x50, 0x05, 0x4b, 0x46, 0x7f, 0xff, 0x0c, 0x10],
            converted_ns: 0,
            hold: (0, 0),
        }
    }

    pub fn rom(&self) -> [u8; 8] {
        self.rom.to_le_bytes()
    }

    pub(crate) fn holds(&self, now_ns: u64) -> bool {
        (self.hold.0..self.hold.1).contains(&now_ns)
    }

    pub(crate) fn reset(&mut self, now_ns: u64) {
        if self.fault == SensorFault::Unplugged {
            return;
        }
        self.mode = Mode::RomCommand;
        (self.command, self.bits) = (0, 0);
        self.hold = (now_ns + PRESENCE_FROM_NS, now_ns + PRESENCE_FROM_NS + PRESENCE_FOR_NS);
    }

    /// The line fell: who sends a zero holds it.
    pub(crate) fn fall(&mut self, now_ns: u64) {
        if self.fault == SensorFault::Unplugged {
            self.mode = Mode::Deaf;
        }
        let zero = match self.mode {
            Mode::Search { at, step: SearchStep::Bit } | Mode::SendRom { at } => !self.rom_bit(at),
            Mode::Search { at, step: SearchStep::Complement } => self.rom_bit(at),
            Mode::SendMemory { at } => !self.memory_bit(at),
            Mode::Converting => now_ns < self.converted_ns,
            _ => false,
        };
        if zero {
            self.hold = (now_ns, now_ns + HOLD_NS);
        }
    }

    /// A slot has ended.
    pub(crate) fn slot(&mut self, slot: Slot, now_ns: u64) {
        let one = slot == Slot::One;
        self.mode = match self.mode {
            Mode::RomCommand | Mode::FunctionCommand => {
                self.command = self.command >> 1 | u8::from(one) << 7;
                self.bits += 1;
                if self.bits < 8 {
                    return;
                }
                self.bits = 0;
                if self.mode == Mode::RomCommand { self.rom_command() } else { self.function_command(now_ns) }
            }
            Mode::Match { at } if one != self.rom_bit(at) => Mode::Deaf,
            Mode::Match { at: 63 } => Mode::FunctionCommand,
            Mode::Match { at } => Mode::Match { at: at + 1 },
            Mode::Search { at, step: SearchStep::Bit } => Mode::Search { at, step: SearchStep::Complement },
            Mode::Search { at, step: SearchStep::Complement } => Mode::Search { at, step: SearchStep::Choice },
            Mode::Search { at, .. } if one != self.rom_bit(at) => Mode::Deaf,
            Mode::Search { at: 63, .. } => Mode::FunctionCommand,
            Mode::Search { at, .. } => Mode::Search { at: at + 1, step: SearchStep::Bit },
            Mode::SendRom { at: 63 } => Mode::FunctionCommand,
            Mode::SendRom { at } => Mode::SendRom { at: at + 1 },
            Mode::SendMemory { at } if at >= 71 => Mode::Deaf,
            Mode::SendMemory { at } => Mode::SendMemory { at: at + 1 },
            Mode::TakeMemory { at } => {
                // Alarms and configuration: bytes 2 to 4.
                if let Some(register) = self.registers.get_mut(2 + usize::from(at / 8)) {
                    *register = *register & !(1 << (at % 8)) | u8::from(one) << (at % 8);
                }
                if at >= 23 { Mode::Deaf } else { Mode::TakeMemory { at: at + 1 } }
            }
            Mode::Deaf | Mode::Converting => self.mode,
        };
    }

    fn rom_command(&mut self) -> Mode {
        match self.command {
            0xf0 => Mode::Search { at: 0, step: SearchStep::Bit },
            0x55 => Mode::Match { at: 0 },
            0x33 => Mode::SendRom { at: 0 },
            0xcc => Mode::FunctionCommand,
            _ => Mode::Deaf,
        }
    }

    fn function_command(&mut self, now_ns: u64) -> Mode {
        match self.command {
            0x44 => {
                self.convert(now_ns);
                Mode::Converting
            }
            0xbe => Mode::SendMemory { at: 0 },
            0x4e => Mode::TakeMemory { at: 0 },
            _ => Mode::Deaf,
        }
    }

    /// What is measured shows when the conversion has had its time; a read before it spoils it.
    fn convert(&mut self, now_ns: u64) {
        let [_, _, _, _, config, ..] = self.registers;
        let unused = 3 - (config >> 5 & 3);
        self.converted_ns = now_ns + (750_000_000 >> unused);
        let (sixteenths, six) = match self.fault {
            SensorFault::PowerOnReset => (0x0550, 0x0c),
            SensorFault::Starved => (0x07ff, 0x0c),
            _ => {
                let sixteenths = (self.milli_c * 2).div_euclid(125).clamp(-880, 2_000) as i16 >> unused << unused;
                (sixteenths, 0x10 - (sixteenths as u8 & 0x0f))
            }
        };
        let [low, high] = sixteenths.to_le_bytes();
        let [_, _, alarm_high, alarm_low, ..] = self.registers;
        let (five, seven) = if self.fault == SensorFault::Counterfeit { (0x00, 0x66) } else { (0xff, 0x10) };
        let config = if self.fault == SensorFault::PowerOnReset { 0x7f } else { config };
        self.registers = [low, high, alarm_high, alarm_low, config, five, six, seven];
    }

    fn rom_bit(&self, at: u8) -> bool {
        self.rom >> at & 1 == 1
    }

    fn memory_bit(&self, at: u8) -> bool {
        let byte = match (self.fault, usize::from(at / 8)) {
            (SensorFault::Zero, _) => 0,
            (_, 8) => crc(self.registers.iter()),
            (SensorFault::Corrupt, 0) => self.registers.first().map_or(0, |byte| byte ^ 0x08),
            (_, place) => self.registers.get(place).copied().unwrap_or(0xff),
        };
        byte >> (at % 8) & 1 == 1
    }
}

/// Application note 27, over bytes without their check.
fn crc<'a>(bytes: impl Iterator<Item = &'a u8>) -> u8 {
    let mut crc = 0_u8;
    for byte in bytes {
        for at in 0..8 {
            let feedback = (crc ^ byte >> at) & 1;
            crc = crc >> 1 ^ if feedback == 1 { 0x8c } else { 0 };
        }
    }
    crc
}
