//! Platform, display and protocol, on a clock that the caller passes in.

use super::order::Order;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::time::Duration;

/// Answers that wait for a host that does not read; more are lost.
pub const MOST_WAITING_BYTES: usize = 1024;
/// Milligrams of a pound.
const POUND: f64 = 453_592.37;

const STX: u8 = 0x02;
pub(super) const ETX: u8 = 0x03;
pub(super) const EOT: u8 = 0x04;
pub(super) const ENQ: u8 = 0x05;
pub(super) const ACK: u8 = 0x06;
const SOH: u8 = 0x01;
pub(super) const DC1: u8 = 0x11;
pub(super) const NAK: u8 = 0x15;
const CR: u8 = 0x0d;

/// The language on the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// Mettler Toledo 8217 (PS60 and others; "Diva Service Manual" 6.1.4): `W` asks for the weight, `H` for ten times
    /// finer, `Z` zeroes, `T` tares, `C` forgets the tare. The answer is STX, weight, CR; while there is no weight,
    /// and to the other commands, STX, `?`, status, CR.
    #[default]
    Toledo8217,
    /// CAS PD-II, interface type 6: ENQ is answered with ACK, then DC1 with SOH STX state sign weight unit BCC ETX
    /// EOT (manual 3.1.6).
    Cas,
}

impl Protocol {
    /// The word on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Toledo8217 => "toledo-8217",
            Self::Cas => "cas",
        }
    }
}

impl std::str::FromStr for Protocol {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Toledo8217, Self::Cas]
            .into_iter()
            .find(|protocol| protocol.name() == text)
            .ok_or_else(|| format!("unknown protocol {text}; known are toledo-8217 and cas"))
    }
}

/// What the display counts in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// Kilograms with three decimals.
    #[default]
    Kilogram,
    /// Pounds with two decimals.
    Pound,
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Kilogram => "kg",
            Self::Pound => "lb",
        }
    }

    fn decimals(self) -> usize {
        match self {
            Self::Kilogram => 3,
            Self::Pound => 2,
        }
    }

    fn of_milligrams(self, milligrams: f64) -> f64 {
        match self {
            Self::Kilogram => milligrams / 1e6,
            Self::Pound => milligrams / POUND,
        }
    }
}

/// What kind of scale it is.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The language on the line.
    pub protocol: Protocol,
    /// What it counts in.
    pub unit: Unit,
    /// The most that it weighs, in milligrams; nine divisions more are shown before it is over capacity.
    pub capacity_mg: i64,
    /// The step of the display, in milligrams.
    pub division_mg: i64,
    /// How long a new weight takes to come to rest.
    pub settle: Duration,
    /// From a request to its answer.
    pub answer: Duration,
}

impl Default for Settings {
    /// 15 kg in steps of 5 g.
    fn default() -> Self {
        Self {
            protocol: Protocol::Toledo8217,
            unit: Unit::Kilogram,
            capacity_mg: 15_000_000,
            division_mg: 5_000,
            settle: Duration::from_millis(600),
            answer: Duration::from_millis(20),
        }
    }
}

#[derive(Debug, Default)]
struct Faults {
    motion: bool,
    overload: bool,
    under_zero: bool,
    zero_error: bool,
    mute: bool,
    late: Duration,
    garbage: bool,
    truncate: bool,
    power_off: bool,
    unplug: bool,
}

/// The scale without its plug.
#[derive(Debug)]
pub struct Scale {
    settings: Settings,
    /// What lies there, and what lay there before.
    weight_mg: i64,
    previous_mg: i64,
    /// When the change between the two began.
    changed_at: Option<Duration>,
    zero_mg: i64,
    tare_mg: i64,
    faults: Faults,
    /// CAS: the host has asked and was told that there is data.
    asked: bool,
    replies: VecDeque<(Duration, Vec<u8>)>,
    noise: u32,
    requests: u64,
    unknown: u64,
}

impl Scale {
    /// A scale that is switched on, with nothing on it.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            weight_mg: 0,
            previous_mg: 0,
            changed_at: None,
            zero_mg: 0,
            tare_mg: 0,
            faults: Faults::default(),
            asked: false,
            replies: VecDeque::new(),
            noise: 0x2545_f491,
            requests: 0,
            unknown: 0,
        }
    }

    /// The language on the line.
    pub fn protocol(&self) -> Protocol {
        self.settings.protocol
    }

    /// Whether the device is at its address.
    pub fn is_plugged(&self) -> bool {
        !self.faults.unplug
    }

    // ---- the platform ----------------------------------------------------------------------------------------

    /// Whether the display is changing.
    fn is_moving(&self, now: Duration) -> bool {
        self.faults.motion || self.changed_at.is_some_and(|at| now < at + self.settings.settle)
    }

    /// What the load cell feels: between the old weight and the new one while it settles.
    fn felt(&self, now: Duration) -> f64 {
        let (old, new) = (self.previous_mg as f64, self.weight_mg as f64);
        let settle = self.settings.settle.as_secs_f64();
        let share = match self.changed_at {
            Some(at) if settle > 0.0 => (now.saturating_sub(at).as_secs_f64() / settle).min(1.0),
            _ => 1.0,
        };
        // Forced motion swings about the weight.
        let swing = if self.faults.motion {
            (now.as_secs_f64() * 7.0).sin() * self.settings.division_mg as f64 * 4.0
        } else {
            0.0
        };
        old + (new - old) * share + swing
    }

    fn gross(&self, now: Duration) -> f64 {
        self.felt(now) - self.zero_mg as f64
    }

    fn is_over(&self, now: Duration) -> bool {
        self.faults.overload || self.gross(now) > (self.settings.capacity_mg + 9 * self.settings.division_mg) as f64
    }

    fn is_under(&self, now: Duration) -> bool {
        self.faults.under_zero || self.gross(now) < -(self.settings.division_mg as f64) / 2.0
    }

    fn is_at_zero(&self, now: Duration) -> bool {
        self.gross(now).abs() <= self.settings.division_mg as f64 / 4.0
    }

    /// Net weight in divisions, ten times finer when asked to, as the display writes it without its sign.
    fn written(&self, now: Duration, fine: bool) -> String {
        let division = self.settings.division_mg.max(1) as f64 / if fine { 10.0 } else { 1.0 };
        let net = ((self.gross(now) - self.tare_mg as f64) / division).round() * division;
        let decimals = self.settings.unit.decimals() + usize::from(fine);
        format!("{:0width$.decimals$}", self.settings.unit.of_milligrams(net).abs(), width = decimals + 3)
    }

    fn is_negative(&self, now: Duration) -> bool {
        self.gross(now) - (self.tare_mg as f64) < -(self.settings.division_mg as f64) / 2.0
    }

    fn zero(&mut self, now: Duration) {
        // The capture range is two hundredths of the capacity.
        if !self.is_moving(now) && self.weight_mg.abs() <= self.settings.capacity_mg / 50 {
            self.zero_mg = self.weight_mg;
            self.tare_mg = 0;
        }
    }

    fn tare(&mut self, now: Duration) {
        if !self.is_moving(now) && !self.is_over(now) && self.gross(now) > 0.0 {
            self.tare_mg = self.weight_mg - self.zero_mg;
        }
    }

    // ---- the line --------------------------------------------------------------------------------------------

    /// Takes received bytes.
    pub fn receive(&mut self, now: Duration, bytes: &[u8]) {
        for byte in bytes {
            if self.faults.power_off || self.faults.unplug {
                return;
            }
            match self.settings.protocol {
                Protocol::Toledo8217 => self.toledo(*byte, now),
                Protocol::Cas => self.cas(*byte, now),
            }
        }
    }

    fn toledo(&mut self, byte: u8, now: Duration) {
        match byte {
            b'W' | b'H' => {
                self.requests += 1;
                let stopped = self.is_moving(now) || self.is_over(now) || self.is_under(now) || self.faults.zero_error;
                if stopped || self.is_negative(now) {
                    self.send_status(now);
                    return;
                }
                let mut answer = vec![STX];
                answer.extend(self.written(now, byte == b'H').bytes());
                answer.extend((self.tare_mg != 0).then_some(b'N'));
                answer.push(CR);
                self.send(answer, now);
            }
            b'Z' => {
                self.zero(now);
                self.send_status(now);
            }
            b'T' => {
                self.tare(now);
                self.send_status(now);
            }
            b'C' => {
                self.tare_mg = 0;
                self.send_status(now);
            }
            CR | b'\n' => {}
            _ => self.unknown += 1,
        }
    }

    /// "Scale status byte": bit 0 motion, 1 over capacity, 2 under zero, 3 outside the zero capture range, 4 centre of
    /// zero, 5 net, 6 always. Bit 7 is the line's parity.
    fn send_status(&mut self, now: Duration) {
        let bits = [
            self.is_moving(now),
            self.is_over(now),
            self.is_under(now) || self.is_negative(now),
            self.faults.zero_error,
            self.is_at_zero(now),
            self.tare_mg != 0,
            true,
        ];
        let status = (0u8..).zip(bits).fold(0, |status, (bit, on)| status | u8::from(on) << bit);
        self.send(vec![STX, b'?', status, CR], now);
    }

    fn cas(&mut self, byte: u8, now: Duration) {
        match byte {
            ENQ => {
                self.asked = true;
                self.send(vec![ACK], now);
            }
            DC1 if self.asked => {
                self.asked = false;
                self.requests += 1;
                let block = self.cas_block(now);
                self.send(block, now);
            }
            // Prices (DC2) are not this model's; data that was not asked for is refused.
            DC1 | 0x12 => self.send(vec![NAK], now),
            CR | b'\n' => {}
            _ => self.unknown += 1,
        }
    }

    /// "SOH STX STA SIGN W5 … W0 UN1 UN0 BCC ETX EOT": the check is the exclusive or of what is between STX and it.
    fn cas_block(&self, now: Duration) -> Vec<u8> {
        let stable = !self.is_moving(now) && !self.is_over(now);
        let (sign, weight) = if self.is_over(now) {
            (b'F', "FFFFFF".to_owned())
        } else if self.is_negative(now) || self.is_under(now) {
            (b'-', self.written(now, false))
        } else {
            (b' ', self.written(now, false))
        };
        let mut data = vec![if stable { b'S' } else { b'U' }, sign];
        data.extend(format!("{weight:0>6}").bytes());
        data.extend(self.settings.unit.name().bytes());
        let check = data.iter().fold(0, |check, byte| check ^ byte);
        let mut block = vec![SOH, STX];
        block.extend(data);
        block.extend([check, ETX, EOT]);
        block
    }

    fn send(&mut self, mut bytes: Vec<u8>, now: Duration) {
        let waiting: usize = self.replies.iter().map(|(_, bytes)| bytes.len()).sum();
        if self.faults.mute || waiting + bytes.len() > MOST_WAITING_BYTES {
            return;
        }
        if self.faults.truncate {
            bytes.truncate(bytes.len() / 2);
        }
        if self.faults.garbage {
            for byte in &mut bytes {
                self.noise = self.noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *byte = self.noise.to_be_bytes()[0] & 0x7f;
            }
        }
        self.replies.push_back((now + self.settings.answer + self.faults.late, bytes));
    }

    /// When the next answer is due.
    pub fn next_due(&self) -> Option<Duration> {
        self.replies.front().map(|(due, _)| *due)
    }

    /// The answers that are due.
    pub fn take_replies(&mut self, now: Duration) -> Vec<u8> {
        let mut out = Vec::new();
        while self.next_due().is_some_and(|due| due <= now) {
            out.extend(self.replies.pop_front().map(|(_, bytes)| bytes).unwrap_or_default());
        }
        out
    }

    // ---- orders and state ------------------------------------------------------------------------------------

    /// Does what the control address asks for.
    pub fn order(&mut self, order: &Order, now: Duration) {
        let faults = &mut self.faults;
        match *order {
            Order::Weight(milligrams) => {
                self.previous_mg = self.felt(now).round() as i64;
                self.weight_mg = milligrams;
                self.changed_at = Some(now);
            }
            Order::Tare(true) => self.tare(now),
            Order::Tare(false) => self.tare_mg = 0,
            Order::Zero => self.zero(now),
            Order::Motion(on) => faults.motion = on,
            Order::Overload(on) => faults.overload = on,
            Order::UnderZero(on) => faults.under_zero = on,
            Order::ZeroError(on) => faults.zero_error = on,
            Order::Mute(on) => faults.mute = on,
            Order::Late(ms) => faults.late = Duration::from_millis(ms),
            Order::Garbage(on) => faults.garbage = on,
            Order::Truncate(on) => faults.truncate = on,
            Order::PowerOff(off) => {
                faults.power_off = off;
                self.replies.clear();
                self.asked = false;
                self.zero_mg = 0;
                self.tare_mg = 0;
            }
            Order::Unplug(out) => {
                faults.unplug = out;
                self.replies.clear();
            }
            Order::None => *faults = Faults::default(),
        }
    }

    /// Everything about it, for the control address.
    pub fn state(&self, now: Duration) -> Value {
        let faults = &self.faults;
        let sign = if self.is_negative(now) { "-" } else { "" };
        let shown = if faults.power_off {
            String::new()
        } else if self.is_over(now) {
            "------".to_owned()
        } else {
            let written = self.written(now, false);
            let whole = written.trim_start_matches('0');
            format!("{sign}{}{whole}", if whole.starts_with('.') { "0" } else { "" })
        };
        let names = [
            (faults.motion, "motion"),
            (faults.overload, "overload"),
            (faults.under_zero, "under_zero"),
            (faults.zero_error, "zero_error"),
            (faults.mute, "mute"),
            (!faults.late.is_zero(), "late"),
            (faults.garbage, "garbage"),
            (faults.truncate, "truncate"),
            (faults.power_off, "power_off"),
            (faults.unplug, "unplug"),
        ];
        json!({
            "protocol": self.settings.protocol.name(),
            "weight_g": self.weight_mg as f64 / 1000.0,
            "tare_g": self.tare_mg as f64 / 1000.0,
            "capacity_g": self.settings.capacity_mg as f64 / 1000.0,
            "division_g": self.settings.division_mg as f64 / 1000.0,
            "shown": shown,
            "unit": self.settings.unit.name(),
            "stable": !self.is_moving(now),
            "over_capacity": self.is_over(now),
            "under_zero": self.is_under(now),
            "at_zero": self.is_at_zero(now),
            "requests": self.requests,
            "unknown": self.unknown,
            "faults": names.into_iter().filter_map(|(on, name)| on.then_some(name)).collect::<Vec<_>>(),
        })
    }
}
