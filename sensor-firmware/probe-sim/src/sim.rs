//! A whole sensor in a thread: line, log, memory for two images, and a PTY to speak on. It starts again when it is told
//! to, when it updates itself, and when its watchdog bites.
//!
//! Its image is a text: `firmware=VERSION` names what the sensor says it runs, and one with `broken` in it hangs at its
//! start until the watchdog bites.

use std::cell::RefCell;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Instant;

use trivet_probe_core::{Device, Identity, Log, OneWire, PER_DAY, Start, slots};
use trivet_wire::{ResetCause, Slot};

use crate::{Line, LineFault, Pin, RamFlash, Sensor, SensorFault, Wait, image, serial::Pty};

/// The simulation's model: images for it are signed with the development key.
pub const HARDWARE: &str = "sim";
pub const FIRMWARE: &str = "0.1.0";
/// Two pages of records and two slots of 8 KiB.
const FLASH: usize = 18 * 1_024;
/// Restarts in a row without a poll, before the thread gives up.
const MOST_STARTS: u32 = 10;

/// How a sensor leaves the works.
#[derive(Clone, Debug)]
pub struct Plan {
    pub serial: [u8; 8],
    /// Serial numbers and temperatures.
    pub sensors: Vec<(u64, i32)>,
    /// Number of the first start; without it the box's time numbers each.
    pub boot: Option<u32>,
    pub battery_percent: Option<u8>,
    /// The sensor's time stands still but for [`Sim::advance`].
    pub by_hand: bool,
    pub seed: u64,
}

impl Default for Plan {
    fn default() -> Plan {
        let sensors = vec![(0x0003_161e_64ff, 4_000)];
        Plan { serial: *b"sim-0001", sensors, boot: Some(1), battery_percent: None, by_hand: false, seed: 1 }
    }
}

#[derive(Clone, Copy, Debug)]
pub enum Control {
    Temperature {
        sensor: usize,
        milli_c: i32,
    },
    Sensor {
        sensor: usize,
        fault: SensorFault,
    },
    Line(LineFault),
    /// Of a million reads of the 1-Wire line, so many are wrong.
    WireNoise(u32),
    /// Of a million bytes on the serial line, so many are changed, and as many lost.
    SerialNoise(u32),
    /// Power off and on: what was not sent is lost, as in any board without a memory for it.
    Restart,
}

/// Ends its thread when it is dropped.
pub struct Sim {
    pub path: PathBuf,
    controls: Option<mpsc::Sender<Control>>,
    clock_ms: Arc<AtomicU64>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Sim {
    pub fn open(plan: Plan) -> io::Result<Sim> {
        let pty = Pty::open(plan.seed)?;
        let path = pty.path()?;
        let clock_ms = Arc::new(AtomicU64::new(0));
        let (controls, commands) = mpsc::channel();
        let clock = Clock { by_hand: plan.by_hand.then(|| clock_ms.clone()), begun: Instant::now() };
        let thread = std::thread::spawn(move || live(&plan, pty, &clock, &commands));
        Ok(Sim { path, controls: Some(controls), clock_ms, thread: Some(thread) })
    }

    pub fn control(&self, control: Control) {
        if let Some(controls) = &self.controls {
            let _ = controls.send(control);
        }
    }

    /// Of a sensor whose time is moved by hand.
    pub fn advance(&self, ms: u64) {
        self.clock_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// Until the thread ends by itself, which it does only when it fails.
    pub fn join(mut self) -> io::Result<()> {
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(result)) => result,
            _ => Err(io::Error::other("the sensor's thread panicked")),
        }
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        drop(self.controls.take());
        drop(self.thread.take().map(JoinHandle::join));
    }
}

struct Clock {
    by_hand: Option<Arc<AtomicU64>>,
    begun: Instant,
}

impl Clock {
    fn now_ms(&self) -> u64 {
        match &self.by_hand {
            Some(clock) => clock.load(Ordering::SeqCst),
            None => u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }
}

enum End {
    /// Nobody needs the sensor any more.
    Over,
    Restart(ResetCause),
}

fn live(plan: &Plan, mut pty: Pty, clock: &Clock, commands: &mpsc::Receiver<Control>) -> io::Result<()> {
    let line = RefCell::new(Line::new(plan.seed));
    for (serial, milli_c) in &plan.sensors {
        line.borrow_mut().plug(Sensor::new(*serial, *milli_c));
    }
    let mut flash = vec![0xff; FLASH];
    let mut log = Box::new(Log::<PER_DAY>::new());
    let (mut boot, mut cause, mut starts) = (plan.boot, ResetCause::Power, 0);
    loop {
        let start = slots::start(&mut RamFlash::new(&mut flash)).map_err(|_| io::Error::other("the flash failed"))?;
        let (firmware, broken) = running(&flash, start.running);
        if broken {
            starts += 1;
            if starts > MOST_STARTS {
                return Err(io::Error::other("no image runs"));
            }
            (boot, cause) = (boot.map(|boot| boot + 1), ResetCause::Watchdog);
            continue;
        }
        starts = 0;
        *log = Log::new();
        let power = Power { plan, clock, line: &line, firmware, boot, cause, start };
        match power.run(&mut pty, &mut flash, &mut log, commands)? {
            End::Over => return Ok(()),
            End::Restart(why) => (boot, cause) = (boot.map(|boot| boot + 1), why),
        }
    }
}

/// From one start to the next.
struct Power<'a> {
    plan: &'a Plan,
    clock: &'a Clock,
    line: &'a RefCell<Line>,
    firmware: &'static str,
    boot: Option<u32>,
    cause: ResetCause,
    start: Start,
}

impl Power<'_> {
    fn run(
        &self,
        pty: &mut Pty,
        flash: &mut [u8],
        log: &mut Log<PER_DAY>,
        commands: &mpsc::Receiver<Control>,
    ) -> io::Result<End> {
        let identity = Identity {
            firmware: self.firmware,
            hardware: HARDWARE,
            serial: self.plan.serial,
            boot: self.boot,
            reset_cause: self.cause,
            key: Some(image::development_key()),
        };
        let wire = OneWire::new(Pin(self.line), Wait(self.line));
        let shared = RefCell::new(pty);
        let begun = self.clock.now_ms();
        let mut device = Device::new(identity, wire, log, Shared(&shared), RamFlash::new(flash), self.start, begun);
        loop {
            match commands.try_recv() {
                Ok(Control::Restart) => return Ok(End::Restart(ResetCause::Power)),
                Ok(Control::SerialNoise(per_million)) => shared.borrow_mut().noise_per_million = per_million,
                Ok(control) => change(&mut self.line.borrow_mut(), control),
                Err(mpsc::TryRecvError::Disconnected) => return Ok(End::Over),
                Err(mpsc::TryRecvError::Empty) => {}
            }
            let now = self.clock.now_ms();
            self.line.borrow_mut().wait_until_ms(now);
            let pulse = device.poll(now, self.plan.battery_percent);
            if pulse.restart {
                return Ok(End::Restart(ResetCause::Software));
            }
            let most = if self.clock.by_hand.is_some() { 2 } else { pulse.wake_ms.saturating_sub(now).min(20) };
            shared.borrow().wait(u16::try_from(most).unwrap_or(2))?;
        }
    }
}

fn change(line: &mut Line, control: Control) {
    match control {
        Control::Temperature { sensor, milli_c } => {
            if let Some(Some(sensor)) = line.sensors.get_mut(sensor) {
                sensor.milli_c = milli_c;
            }
        }
        Control::Sensor { sensor, fault } => {
            if let Some(Some(sensor)) = line.sensors.get_mut(sensor) {
                sensor.fault = fault;
            }
        }
        Control::Line(fault) => line.fault = fault,
        Control::WireNoise(per_million) => line.noise_per_million = per_million,
        Control::SerialNoise(_) | Control::Restart => {}
    }
}

/// What the image in a slot calls itself, and whether it hangs. An empty slot A is what left the works.
fn running(flash: &[u8], slot: Slot) -> (&'static str, bool) {
    let (begin, length) = slots::extent(&RamFlash::new(&mut flash.to_vec()), slot);
    let image = flash.get(begin as usize..(begin + length) as usize).unwrap_or_default();
    let text: Vec<u8> = image.iter().copied().take_while(|byte| *byte != 0xff).collect();
    let text = String::from_utf8_lossy(&text).into_owned();
    let version = text.lines().find_map(|line| line.strip_prefix("firmware="));
    // For as long as the process lives: an update is rare.
    let firmware = version.map_or(FIRMWARE, |version| Box::leak(version.trim().to_owned().into_boxed_str()));
    (firmware, text.contains("broken"))
}

/// The PTY, of which the sensor holds one hand and its thread the other.
struct Shared<'a, 'b>(&'a RefCell<&'b mut Pty>);

impl embedded_io::ErrorType for Shared<'_, '_> {
    type Error = io::Error;
}

impl embedded_io::ReadReady for Shared<'_, '_> {
    fn read_ready(&mut self) -> io::Result<bool> {
        self.0.borrow_mut().read_ready()
    }
}

impl embedded_io::Read for Shared<'_, '_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        embedded_io::Read::read(&mut **self.0.borrow_mut(), bytes)
    }
}

impl embedded_io::WriteReady for Shared<'_, '_> {
    fn write_ready(&mut self) -> io::Result<bool> {
        self.0.borrow_mut().write_ready()
    }
}

impl embedded_io::Write for Shared<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        embedded_io::Write::write(&mut **self.0.borrow_mut(), bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
