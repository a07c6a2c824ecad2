//! A Raspberry Pi Pico: sensors on GPIO 2 (with 4.7 kΩ to 3.3 V), the box on UART 0 (GPIO 0 and 1), the lamp on GPIO 25.
//!
//! It is built, and has not run on a chip yet. It cannot be updated over the line: a boot loader that chooses between
//! two slots is missing, so it offers none.

#![no_std]
#![no_main]

use core::panic::PanicInfo;

use embedded_hal::digital::OutputPin;
use rp2040_hal::clocks::init_clocks_and_plls;
use rp2040_hal::fugit::{ExtU32, RateExtU32};
use rp2040_hal::gpio::{InOutPin, Pins};
use rp2040_hal::uart::{DataBits, StopBits, UartConfig, UartPeripheral};
use rp2040_hal::{Clock, Sio, Timer, Watchdog, entry, pac};
use trivet_probe_core::{Device, Identity, Log, MAX_PROBES, NoFlash, OneWire, PER_DAY, Start};
use trivet_wire::{BAUD, ResetCause, Slot};

#[unsafe(link_section = ".boot2")]
#[used]
static BOOT2: [u8; 256] = rp2040_boot2::BOOT_LOADER_W25Q080;

const CRYSTAL_HZ: u32 = 12_000_000;
/// What a poll takes at most: four sensors read three times each, and a search, are 0.3 s.
const WATCHDOG_MS: u32 = 4_000;
const START: Start = Start { running: Slot::A, trial: false, rolled_back: false };

#[entry]
fn main() -> ! {
    let Some(mut chip) = pac::Peripherals::take() else { restart() };
    let cause = reset_cause(&chip);
    let mut watchdog = Watchdog::new(chip.WATCHDOG);
    let clocks = init_clocks_and_plls(
        CRYSTAL_HZ,
        chip.XOSC,
        chip.CLOCKS,
        chip.PLL_SYS,
        chip.PLL_USB,
        &mut chip.RESETS,
        &mut watchdog,
    );
    let Ok(clocks) = clocks else { restart() };
    let timer = Timer::new(chip.TIMER, &mut chip.RESETS, &clocks);
    let pins = Pins::new(chip.IO_BANK0, chip.PADS_BANK0, Sio::new(chip.SIO).gpio_bank0, &mut chip.RESETS);
    let config = UartConfig::new(BAUD.Hz(), DataBits::Eight, None, StopBits::One);
    let lines = (pins.gpio0.into_function(), pins.gpio1.into_function());
    let uart = UartPeripheral::new(chip.UART0, lines, &mut chip.RESETS).enable(config, clocks.peripheral_clock.freq());
    let Ok(uart) = uart else { restart() };
    let Some(log) = cortex_m::singleton!(: Log<{ MAX_PROBES * PER_DAY }> = Log::new()) else { restart() };
    let mut lamp = pins.gpio25.into_push_pull_output();
    // Low pulls, high lets go: the pull-up does the rest.
    let wire = OneWire::new(InOutPin::new(pins.gpio2), timer);
    let identity = Identity {
        firmware: env!("CARGO_PKG_VERSION"),
        hardware: "rp2040",
        serial: serial(),
        // It counts no starts: the first time that the box gives numbers this one.
        boot: None,
        reset_cause: cause,
        key: None,
    };
    let now_ms = || timer.get_counter().ticks() / 1_000;
    let mut device = Device::new(identity, wire, log, uart, NoFlash, START, now_ms());
    watchdog.pause_on_debug(true);
    watchdog.start(WATCHDOG_MS.millis());
    loop {
        let now = now_ms();
        let pulse = device.poll(now, None);
        if pulse.healthy {
            watchdog.feed();
        }
        if pulse.restart {
            restart();
        }
        let Ok(()) = lamp.set_state((pulse.identify && now / 250 % 2 == 0).into());
    }
}

/// RP2040 data sheet, 4.7.6 (REASON) and 2.14.7 (CHIP_RESET).
fn reset_cause(chip: &pac::Peripherals) -> ResetCause {
    let watchdog = chip.WATCHDOG.reason().read();
    let chip_reset = chip.VREG_AND_CHIP_RESET.chip_reset().read();
    match () {
        () if watchdog.timer().bit_is_set() => ResetCause::Watchdog,
        () if watchdog.force().bit_is_set() => ResetCause::Software,
        () if chip_reset.had_run().bit_is_set() => ResetCause::Pin,
        () if chip_reset.had_por().bit_is_set() => ResetCause::Power,
        () => ResetCause::Unknown,
    }
}

/// The RP2040 has no number of its own: each image is built with one, as up to eight letters.
fn serial() -> [u8; 8] {
    let mut serial = [0; 8];
    for (to, from) in serial.iter_mut().zip(option_env!("TRIVET_PROBE_SERIAL").unwrap_or("rp2040").bytes()) {
        *to = from;
    }
    serial
}

fn restart() -> ! {
    cortex_m::peripheral::SCB::sys_reset()
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    restart()
}
