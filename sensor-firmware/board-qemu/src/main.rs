//! The board of QEMU: a Stellaris LM3S6965 with a serial line, a tick each millisecond, and a 1-Wire line that is
//! simulated inside: its pins and delays are those of [`trivet_probe_sim::Line`].
//!
//! The memory for two images is RAM that a restart leaves alone. The board checks and stores an image and counts its
//! starts as any other; as it has no boot loader, the code that runs stays the same.

#![no_std]
#![no_main]

mod clock;
mod memory;
mod uart;

use core::cell::RefCell;
use core::panic::PanicInfo;

use cortex_m_rt::entry;
use trivet_probe_core::{Device, Identity, Log, OneWire, PER_DAY, Start, slots};
use trivet_probe_sim::{Line, Pin, RamFlash, Sensor, Wait, image};
use trivet_wire::{ResetCause, Slot};

#[entry]
fn main() -> ! {
    let Some(mut core) = cortex_m::Peripherals::take() else { restart() };
    clock::start(&mut core.SYST);
    let Some(log) = cortex_m::singleton!(: Log<PER_DAY> = Log::new()) else { restart() };
    let (memory, warm) = memory::slots();
    let mut flash = RamFlash::new(memory);
    let start = slots::start(&mut flash).unwrap_or(Start { running: Slot::A, trial: false, rolled_back: false });
    let identity = Identity {
        firmware: env!("CARGO_PKG_VERSION"),
        hardware: "qemu-lm3s",
        serial: *b"qemu-001",
        // It counts no starts: the first time that the box gives numbers this one.
        boot: None,
        reset_cause: if warm { ResetCause::Software } else { ResetCause::Power },
        key: Some(image::development_key()),
    };
    let line = RefCell::new(Line::new(1));
    line.borrow_mut().plug(Sensor::new(0x0316_1e64_ff01, 4_000));
    let wire = OneWire::new(Pin(&line), Wait(&line));
    let mut device = Device::new(identity, wire, log, uart::Uart::open(), flash, start, clock::now_ms());
    loop {
        let now = clock::now_ms();
        {
            let mut line = line.borrow_mut();
            line.wait_until_ms(now);
            warm_and_cool(&mut line, now);
        }
        if device.poll(now, None).restart {
            restart();
        }
        // The tick wakes it: no byte waits longer than a millisecond.
        cortex_m::asm::wfi();
    }
}

/// A refrigerator in eight minutes: four between 2 and 5 °C, then its door stands open, and it warms to 17 °C.
fn warm_and_cool(line: &mut Line, now_ms: u64) {
    let second = (now_ms / 1_000) % 480;
    let milli_c = match second {
        0..240 => 2_000 + (second as i32 % 60) * 50,
        240..360 => 5_000 + (second as i32 - 240) * 100,
        _ => 17_000 - (second as i32 - 360) * 125,
    };
    if let Some(sensor) = line.sensors.iter_mut().flatten().next() {
        sensor.milli_c = milli_c;
    }
}

fn restart() -> ! {
    cortex_m::peripheral::SCB::sys_reset()
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    #[cfg(feature = "semihosting")]
    cortex_m_semihosting::debug::exit(cortex_m_semihosting::debug::EXIT_FAILURE);
    restart()
}
