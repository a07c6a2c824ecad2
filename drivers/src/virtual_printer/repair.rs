//! Breaking and repairing: what each fault does to the machine.

use super::fault::{Fault, PaperLeft, Vanish};
use super::machine::{Break, LineFaults, Machine, Power};
use super::mechanism::Trouble;
use serde_json::json;
use std::time::Duration;

impl Machine {
    /// Does what the control address asks for.
    pub fn order(&mut self, fault: Fault, now: Duration) {
        self.advance(now);
        // Whatever it waited for, it goes on from now, not from when it stopped.
        if !self.works() {
            self.mechanism.done_at = self.mechanism.done_at.max(now);
        }
        let mechanism = &mut self.mechanism;
        match fault {
            Fault::PaperOut(PaperLeft::Full) => mechanism.paper_left_mm = mechanism.settings.roll_mm,
            Fault::PaperOut(PaperLeft::Millimetres(mm)) => mechanism.paper_left_mm = mm,
            Fault::PaperNearEnd(on) => mechanism.near_end_forced = on,
            Fault::Cover(open) => mechanism.cover_open = open,
            Fault::Cutter(jam) => {
                mechanism.cutter_jam = jam;
                if !jam && mechanism.has(Trouble::Cutter) {
                    mechanism.recover(true);
                }
            }
            Fault::RecoverableError(true) => mechanism.trouble = mechanism.trouble.or(Some(Trouble::Mechanical)),
            Fault::UnrecoverableError(true) => mechanism.trouble = Some(Trouble::Unrecoverable),
            Fault::RecoverableError(false) if mechanism.has(Trouble::Mechanical) => mechanism.recover(true),
            Fault::UnrecoverableError(false) if mechanism.has(Trouble::Unrecoverable) => mechanism.trouble = None,
            Fault::RecoverableError(false) | Fault::UnrecoverableError(false) => {}
            Fault::Mute(on) => mechanism.outbox.mute = on,
            Fault::Late(ms) => mechanism.outbox.late = Duration::from_millis(ms),
            Fault::Garbage(on) => mechanism.outbox.garbage = on,
            Fault::Clone(on) => {
                mechanism.clone = on;
                // The mode of two-byte characters is another one from now on.
                self.interpreter.power_on(mechanism);
            }
            Fault::Drawer(open) => mechanism.drawer_open = open,
            Fault::None => self.repair(now),
            other => self.order_of_line(other, now),
        }
        self.report(now);
        self.advance(now);
    }

    fn order_of_line(&mut self, fault: Fault, now: Duration) {
        match fault {
            Fault::PowerCycle(ms) => {
                self.switch_off();
                self.power = Power::Cycling(now + Duration::from_millis(ms));
            }
            Fault::PowerOff(true) => self.switch_off(),
            Fault::PowerOff(false) => self.switch_on(now),
            Fault::CutAtByte(after) => self.break_at(Break::Reset, after),
            Fault::CloseAtByte(after) => self.break_at(Break::Close, after),
            Fault::BlackHoleAtByte(after) => {
                self.line.black_hole &= after.is_some();
                self.break_at(Break::BlackHole, after);
            }
            Fault::Slow(rate) => self.line.slow = rate,
            Fault::SmallBuffer(bytes) => self.line.small_buffer = bytes,
            Fault::Refuse(on) => self.line.refuse = on,
            Fault::Busy(on) => {
                self.drops += u64::from(on && !self.line.busy);
                self.line.busy = on;
                self.mechanism.outbox.forget();
            }
            Fault::Vanish(how) => {
                self.drops += u64::from(how != Vanish::Back);
                match how {
                    Vanish::Gone => self.line.vanished = Some(Duration::MAX),
                    Vanish::Back => self.line.vanished = None,
                    Vanish::For(ms) => self.line.vanished = Some(now + Duration::from_millis(ms)),
                    Vanish::As(name) => {
                        self.line.vanished = None;
                        self.name = Some(name);
                    }
                }
            }
            _ => {}
        }
    }

    fn break_at(&mut self, how: Break, after: Option<u64>) {
        match after {
            Some(after) => self.line.breaks = Some((how, after)),
            None if self.line.breaks.is_some_and(|(known, _)| known == how) => self.line.breaks = None,
            None => {}
        }
    }

    fn repair(&mut self, now: Duration) {
        self.line = LineFaults::default();
        let mechanism = &mut self.mechanism;
        mechanism.near_end_forced = false;
        mechanism.cover_open = false;
        mechanism.cutter_jam = false;
        mechanism.outbox.mute = false;
        mechanism.outbox.late = Duration::ZERO;
        mechanism.outbox.garbage = false;
        mechanism.paper_left_mm = mechanism.settings.roll_mm;
        if mechanism.has(Trouble::Unrecoverable) {
            mechanism.trouble = None;
        }
        mechanism.recover(true);
        if std::mem::take(&mut mechanism.clone) {
            self.interpreter.power_on(mechanism);
        }
        self.switch_on(now);
    }

    /// Pulls the cable of a device without connections (a PTY): nothing more gets through until `none`.
    pub fn pull_cable(&mut self) {
        self.line.cable_out = true;
        self.mechanism.outbox.forget();
    }

    pub(super) fn switch_off(&mut self) {
        if self.is_on() {
            self.drops += 1;
            self.mechanism.power_off(self.receive_buffer.len());
            self.receive_buffer.clear();
            self.stopped = false;
        }
        self.power = Power::Off;
    }

    pub(super) fn switch_on(&mut self, now: Duration) {
        if self.is_on() {
            return;
        }
        self.power = Power::On;
        self.mechanism.done_at = self.mechanism.done_at.max(now);
        self.interpreter.power_on(&mut self.mechanism);
    }

    /// Receive and print buffers are emptied; ids of what is dropped are never sent.
    pub(super) fn clear_buffers(&mut self, now: Duration) {
        let printed_mm = self.mechanism.printed_mm;
        self.mechanism.sheet.event(json!({"event": "cleared", "dropped_bytes": self.receive_buffer.len(),
            "printed_mm": printed_mm}));
        self.receive_buffer.clear();
        self.watch_level();
        self.interpreter.clear(&mut self.mechanism);
        self.mechanism.recover(false);
        self.mechanism.done_at = self.mechanism.done_at.max(now);
    }
}
