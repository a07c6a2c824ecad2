//! Memory for two images, which a restart leaves as it was.

use core::mem::MaybeUninit;
use core::ptr::{addr_of_mut, read_volatile, write_volatile};
use core::sync::atomic::{AtomicBool, Ordering};

/// Two pages of records and two slots of 6 KiB.
const SIZE: usize = 14 * 1_024;
const MARK: u32 = 0x7472_7674;

#[unsafe(link_section = ".uninit.slots")]
static mut SLOTS: MaybeUninit<[u8; SIZE]> = MaybeUninit::uninit();
#[unsafe(link_section = ".uninit.mark")]
static mut WARM: MaybeUninit<u32> = MaybeUninit::uninit();
static GIVEN: AtomicBool = AtomicBool::new(false);

/// The memory, once, and whether an earlier start of this power-on left it.
pub(crate) fn slots() -> (&'static mut [u8], bool) {
    if GIVEN.swap(true, Ordering::SeqCst) {
        return (&mut [], false);
    }
    // SAFETY: given out once; any bit pattern is a number, and what was never written is filled first.
    unsafe {
        let mark = addr_of_mut!(WARM).cast::<u32>();
        let warm = read_volatile(mark) == MARK;
        let slots = addr_of_mut!(SLOTS).cast::<u8>();
        if !warm {
            core::ptr::write_bytes(slots, 0xff, SIZE);
            write_volatile(mark, MARK);
        }
        (core::slice::from_raw_parts_mut(slots, SIZE), warm)
    }
}
