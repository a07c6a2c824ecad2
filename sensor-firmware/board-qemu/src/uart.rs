//! UART 0, an ARM PrimeCell PL011 (ARM DDI 0183), asked and never waited for.

use core::convert::Infallible;
use core::ptr::{read_volatile, write_volatile};

use embedded_io::{ErrorType, Read, ReadReady, Write, WriteReady};

const BASE: usize = 0x4000_c000;
const DATA: *mut u32 = BASE as *mut u32;
const FLAGS: *mut u32 = (BASE + 0x18) as *mut u32;
const CONTROL: *mut u32 = (BASE + 0x30) as *mut u32;
const RECEIVE_EMPTY: u32 = 1 << 4;
const TRANSMIT_FULL: u32 = 1 << 5;
/// Enabled, to send and to receive.
const ON: u32 = 1 | 1 << 8 | 1 << 9;

pub(crate) struct Uart(());

impl Uart {
    pub(crate) fn open() -> Uart {
        // SAFETY: the board's register; nothing else uses this port.
        unsafe { write_volatile(CONTROL, ON) };
        Uart(())
    }

    fn flags(&self) -> u32 {
        // SAFETY: as above; reading flags changes nothing.
        unsafe { read_volatile(FLAGS) }
    }
}

impl ErrorType for Uart {
    type Error = Infallible;
}

impl ReadReady for Uart {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(self.flags() & RECEIVE_EMPTY == 0)
    }
}

impl Read for Uart {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Infallible> {
        let mut count = 0;
        for place in bytes {
            if self.flags() & RECEIVE_EMPTY != 0 {
                break;
            }
            // SAFETY: the queue holds a byte, which this takes.
            *place = unsafe { read_volatile(DATA) } as u8;
            count += 1;
        }
        Ok(count)
    }
}

impl WriteReady for Uart {
    fn write_ready(&mut self) -> Result<bool, Infallible> {
        Ok(self.flags() & TRANSMIT_FULL == 0)
    }
}

impl Write for Uart {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let mut count = 0;
        for byte in bytes {
            if self.flags() & TRANSMIT_FULL != 0 {
                break;
            }
            // SAFETY: the queue has room.
            unsafe { write_volatile(DATA, u32::from(*byte)) };
            count += 1;
        }
        Ok(count)
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
