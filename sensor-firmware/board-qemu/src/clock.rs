//! Milliseconds since the start, from SysTick.

use core::cell::RefCell;

use cortex_m::interrupt::{Mutex, free};
use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;

/// QEMU runs this board's core at 12.5 MHz, as the chip does when nobody sets its clock.
const CYCLES: u32 = 12_500;

static NOW: Mutex<RefCell<u64>> = Mutex::new(RefCell::new(0));

pub(crate) fn start(tick: &mut SYST) {
    tick.set_clock_source(SystClkSource::Core);
    tick.set_reload(CYCLES - 1);
    tick.clear_current();
    tick.enable_counter();
    tick.enable_interrupt();
}

pub(crate) fn now_ms() -> u64 {
    free(|section| *NOW.borrow(section).borrow())
}

#[exception]
fn SysTick() {
    free(|section| *NOW.borrow(section).borrow_mut() += 1);
}
