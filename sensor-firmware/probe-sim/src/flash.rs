//! A flash in memory, with a flash's manners: erasing makes ones, writing makes zeros of ones and nothing else.

use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};

pub struct RamFlash<'a> {
    bytes: &'a mut [u8],
    /// After so many erases and writes the power is cut, in the middle of one.
    cut_after: Option<u32>,
}

impl<'a> RamFlash<'a> {
    /// Memory as an earlier start left it; ones all over if it is new.
    pub fn new(bytes: &'a mut [u8]) -> RamFlash<'a> {
        RamFlash { bytes, cut_after: None }
    }

    pub fn cut_after(bytes: &'a mut [u8], operations: u32) -> RamFlash<'a> {
        RamFlash { bytes, cut_after: Some(operations) }
    }

    fn range(&mut self, from: u32, to: u32) -> Result<&mut [u8], NorFlashErrorKind> {
        self.bytes.get_mut(from as usize..to as usize).ok_or(NorFlashErrorKind::OutOfBounds)
    }

    /// How much of an operation of this length is still done.
    fn power(&mut self, length: u32) -> (u32, Result<(), NorFlashErrorKind>) {
        match &mut self.cut_after {
            None => (length, Ok(())),
            Some(0) => (0, Err(NorFlashErrorKind::Other)),
            Some(left) => {
                *left -= 1;
                if *left == 0 { (length / 2, Err(NorFlashErrorKind::Other)) } else { (length, Ok(())) }
            }
        }
    }
}

impl ErrorType for RamFlash<'_> {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for RamFlash<'_> {
    const READ_SIZE: usize = 1;
    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        let from = self.range(offset, offset + bytes.len() as u32)?;
        bytes.copy_from_slice(from);
        Ok(())
    }
    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl NorFlash for RamFlash<'_> {
    const WRITE_SIZE: usize = 256;
    const ERASE_SIZE: usize = 1024;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        if !(to - from).is_multiple_of(Self::ERASE_SIZE as u32) || !from.is_multiple_of(Self::ERASE_SIZE as u32) {
            return Err(NorFlashErrorKind::NotAligned);
        }
        let (done, result) = self.power(to - from);
        self.range(from, from + done)?.fill(0xff);
        result
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        if !bytes.len().is_multiple_of(Self::WRITE_SIZE) || !offset.is_multiple_of(Self::WRITE_SIZE as u32) {
            return Err(NorFlashErrorKind::NotAligned);
        }
        let (done, result) = self.power(bytes.len() as u32);
        for (to, from) in self.range(offset, offset + done)?.iter_mut().zip(bytes) {
            *to &= from;
        }
        result
    }
}
