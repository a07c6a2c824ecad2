//! An update as the box drives it: one step at a time, each until the device has answered it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use trivet_wire::{Down, Frame, Phase, Rejected, Slot};

use super::{Image, Progress};

/// A step without an answer is sent again after this, so often.
const ANSWERS_WITHIN: Duration = Duration::from_secs(1);
const TRIES: u32 = 10;
/// From the last block to the device's word that it stays.
const PROVES_WITHIN: Duration = Duration::from_secs(900);
/// Blocks between two words of progress.
const TOLD_EACH: u32 = 64;

#[derive(Default)]
pub(super) struct Update {
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    None,
    Sending {
        image: Arc<Image>,
        step: Step,
        sent: Instant,
        tries: u32,
    },
    Proving {
        slot: Slot,
        until: Instant,
        trial_told: bool,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Begin,
    Sign,
    Block(u32),
    Commit,
}

/// What an update wants now.
#[derive(Default)]
pub(super) struct Wants {
    pub frame: Option<Frame>,
    pub told: Option<Progress>,
}

impl Wants {
    pub(super) fn refused(why: &str) -> Wants {
        Wants::told(Progress::Refused(why.to_owned()))
    }

    fn told(told: Progress) -> Wants {
        Wants { frame: None, told: Some(told) }
    }
}

impl Update {
    pub(super) fn is_under_way(&self) -> bool {
        !matches!(self.state, State::None)
    }

    pub(super) fn begin(&mut self, images: &[Arc<Image>], hardware: &str, running: Slot, now: Instant) -> Wants {
        if self.is_under_way() {
            return Wants::told(Progress::Refused("an update is under way already".to_owned()));
        }
        let model = trivet_wire::Manifest::hardware_of(hardware);
        let fits =
            |image: &&Arc<Image>| Some(image.manifest().hardware) == model && image.manifest().slot == running.other();
        let Some(image) = images.iter().find(fits).cloned() else {
            let why = format!("none of the images is for a `{hardware}` and its slot {:?}", running.other());
            return Wants::told(Progress::Refused(why));
        };
        let of = image.manifest().blocks();
        self.state = State::Sending { image, step: Step::Begin, sent: now, tries: 1 };
        Wants { told: Some(Progress::Sending { blocks: 0, of }), ..self.send() }
    }

    pub(super) fn cancel(&mut self) -> Wants {
        match self.state {
            State::Sending { .. } => {
                self.state = State::None;
                Wants { frame: Frame::down(&Down::Abort), told: Some(Progress::Cancelled) }
            }
            _ => Wants::default(),
        }
    }

    fn send(&self) -> Wants {
        let State::Sending { image, step, .. } = &self.state else { return Wants::default() };
        let frame = match *step {
            Step::Begin => Frame::down(&Down::Begin { manifest: &image.manifest().to_bytes() }),
            Step::Sign => Frame::down(&Down::Sign { signature: image.signature() }),
            Step::Block(n) => Frame::down(&Down::Block { n, bytes: image.block(n) }),
            Step::Commit => Frame::down(&Down::Commit),
        };
        Wants { frame, told: None }
    }

    pub(super) fn answered(&mut self, phase: Phase, next_block: u32, now: Instant) -> Wants {
        match (&mut self.state, phase) {
            (State::Sending { .. }, Phase::Refused(why)) => {
                self.state = State::None;
                Wants::told(Progress::Refused(format!("the device refused it: {}", reason(why))))
            }
            (State::Sending { image, .. }, Phase::Committed) => {
                let slot = image.manifest().slot;
                self.state = State::Proving { slot, until: now + PROVES_WITHIN, trial_told: false };
                Wants::told(Progress::Restarting)
            }
            (State::Sending { image, step, sent, tries }, Phase::Begun | Phase::Receiving) => {
                let of = image.manifest().blocks();
                let next = match phase {
                    Phase::Begun => Step::Sign,
                    _ if next_block >= of => Step::Commit,
                    _ => Step::Block(next_block),
                };
                // The answer to what was sent twice: the step is under way.
                if next == *step && *tries > 1 && now - *sent < ANSWERS_WITHIN {
                    return Wants::default();
                }
                *tries = if next == *step { *tries } else { 1 };
                (*step, *sent) = (next, now);
                let told = (next_block > 0 && next_block.is_multiple_of(TOLD_EACH) && phase == Phase::Receiving)
                    .then_some(Progress::Sending { blocks: next_block, of });
                Wants { told, ..self.send() }
            }
            (State::Proving { trial_told, .. }, Phase::Trial) if !*trial_told => {
                *trial_told = true;
                Wants::told(Progress::Trial)
            }
            (State::Proving { .. }, Phase::RolledBack) => {
                self.state = State::None;
                Wants::told(Progress::RolledBack)
            }
            _ => Wants::default(),
        }
    }

    /// What the device says of itself after a start is the last word, should its others be lost.
    pub(super) fn runs(&mut self, running: Slot, trial: bool, restarted: bool, firmware: &str) -> Wants {
        match self.state {
            State::Sending { .. } if restarted => {
                self.state = State::None;
                Wants::told(Progress::Refused("the device started again in the middle of it".to_owned()))
            }
            State::Proving { slot, .. } if running == slot && !trial => {
                self.state = State::None;
                Wants::told(Progress::Done { firmware: firmware.to_owned() })
            }
            State::Proving { slot, .. } if running != slot && restarted => {
                self.state = State::None;
                Wants::told(Progress::RolledBack)
            }
            _ => Wants::default(),
        }
    }

    pub(super) fn tick(&mut self, now: Instant) -> Wants {
        match &mut self.state {
            State::Sending { sent, tries, .. } if now - *sent >= ANSWERS_WITHIN => {
                if *tries >= TRIES {
                    self.state = State::None;
                    return Wants::told(Progress::Refused("the device does not answer".to_owned()));
                }
                *tries += 1;
                *sent = now;
                self.send()
            }
            State::Proving { until, .. } if now >= *until => {
                self.state = State::None;
                Wants::told(Progress::Refused("the device did not come back with it".to_owned()))
            }
            _ => Wants::default(),
        }
    }
}

fn reason(rejected: Rejected) -> &'static str {
    match rejected {
        Rejected::NoSlots => "it cannot be updated over this line",
        Rejected::Manifest => "it is no firmware image",
        Rejected::Hardware => "it is for another board",
        Rejected::WrongSlot => "it is for the slot that runs",
        Rejected::TooLong => "it is too long",
        Rejected::Signature => "the signature is wrong",
        Rejected::Order => "a step was missing",
        Rejected::Hash => "what arrived is not what was signed",
        Rejected::Flash => "its memory failed",
        Rejected::OnTrial => "the last update has not proved itself yet",
    }
}
