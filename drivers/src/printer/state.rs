//! How a printer is, by its own word. What it did not report is unknown.

use super::reply::{Reply, Star, Zpl};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkState {
    /// Nobody has tried yet.
    #[default]
    Unknown,
    Down,
    /// Connected and silent: it serves another host.
    Busy,
    Up,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Paper {
    #[default]
    Unknown,
    Ok,
    NearEnd,
    End,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cover {
    #[default]
    Unknown,
    Closed,
    Open,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cutting {
    #[default]
    Unknown,
    Ok,
    Error,
}

/// Pin 3 of the drawer's connector. Which level means open depends on the drawer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DrawerPin {
    #[default]
    Unknown,
    Low,
    High,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrinterState {
    pub link: LinkState,
    /// Why the link is down.
    pub why: String,
    pub online: Option<bool>,
    pub cover: Cover,
    pub paper: Paper,
    pub cutter: Cutting,
    pub drawer_pin: DrawerPin,
    /// A jam or the like, that goes away when it is removed.
    pub recoverable_error: Option<bool>,
    /// It wants repair.
    pub unrecoverable_error: Option<bool>,
}

impl PrinterState {
    pub fn down(why: String) -> PrinterState {
        PrinterState { link: LinkState::Down, why, ..PrinterState::default() }
    }

    /// Takes a reply in. `asked`: the `n` of the `DLE EOT` that it answers.
    pub fn learn(&mut self, reply: &Reply, asked: u8) {
        match reply {
            Reply::Status(byte) => self.status(asked, *byte),
            Reply::Automatic(bytes) => self.automatic(*bytes),
            Reply::Star(star) => self.star(*star),
            Reply::Zpl(zpl) => self.zpl(*zpl),
            Reply::ProcessId(_) | Reply::Cleared => {}
        }
        self.link = LinkState::Up;
        self.why.clear();
    }

    /// `DLE EOT 1` to `4`.
    fn status(&mut self, asked: u8, byte: u8) {
        let bit = |n: u8| byte & (1 << n) != 0;
        match asked {
            1 => {
                self.drawer_pin = if bit(2) { DrawerPin::High } else { DrawerPin::Low };
                self.online = Some(!bit(3));
            }
            2 => {
                self.cover = if bit(2) { Cover::Open } else { Cover::Closed };
                // The sensor itself is asked with 4; this one says that it stopped printing.
                if bit(5) {
                    self.paper = Paper::End;
                }
            }
            3 => self.errors(bit(2) || bit(6), bit(3), bit(5)),
            4 => {
                self.paper = if bit(5) {
                    Paper::End
                } else if bit(2) {
                    Paper::NearEnd
                } else {
                    Paper::Ok
                }
            }
            _ => {}
        }
    }

    /// `GS a`, "Automatic Status Back": the four bytes.
    fn automatic(&mut self, [first, second, third, _]: [u8; 4]) {
        self.drawer_pin = if first & 0x04 != 0 { DrawerPin::High } else { DrawerPin::Low };
        self.online = Some(first & 0x08 == 0);
        self.cover = if first & 0x20 != 0 { Cover::Open } else { Cover::Closed };
        self.errors(second & 0x44 != 0, second & 0x08 != 0, second & 0x20 != 0);
        self.paper = if third & 0x0c != 0 {
            Paper::End
        } else if third & 0x03 != 0 {
            Paper::NearEnd
        } else {
            Paper::Ok
        };
    }

    fn star(&mut self, star: Star) {
        self.drawer_pin = if star.drawer_switch { DrawerPin::High } else { DrawerPin::Low };
        self.online = Some(!star.offline);
        self.cover = if star.cover_open { Cover::Open } else { Cover::Closed };
        self.errors(star.mechanical_error, star.cutter_error, star.unrecoverable);
        self.paper = if star.paper_end {
            Paper::End
        } else if star.near_end {
            Paper::NearEnd
        } else {
            Paper::Ok
        };
    }

    fn zpl(&mut self, zpl: Zpl) {
        match zpl {
            Zpl::First { paper_out, paused, .. } => {
                self.online = Some(!paused);
                self.paper = if paper_out { Paper::End } else { Paper::Ok };
            }
            Zpl::Second { head_open, ribbon_out, .. } => {
                self.cover = if head_open { Cover::Open } else { Cover::Closed };
                self.recoverable_error = Some(ribbon_out);
            }
        }
    }

    fn errors(&mut self, recoverable: bool, cutter: bool, unrecoverable: bool) {
        self.recoverable_error = Some(recoverable || cutter);
        self.cutter = if cutter { Cutting::Error } else { Cutting::Ok };
        self.unrecoverable_error = Some(unrecoverable);
    }

    /// What keeps it from printing, in words; the causes before their effect.
    pub fn trouble(&self) -> Option<String> {
        let words = match self.link {
            LinkState::Down => return Some(self.why.clone()),
            LinkState::Busy => "connected, but it does not answer: does another till use it?",
            LinkState::Unknown | LinkState::Up if self.cover == Cover::Open => "cover open",
            _ if self.paper == Paper::End => "paper end",
            _ if self.cutter == Cutting::Error => "the cutter is jammed",
            _ if self.unrecoverable_error == Some(true) => "it reports an error that wants repair",
            _ if self.recoverable_error == Some(true) => "it reports an error",
            _ if self.online == Some(false) => "offline",
            _ => return None,
        };
        Some(words.to_owned())
    }

    /// It keeps the data and goes on by itself once somebody has seen to it.
    pub fn waits_for_a_person(&self) -> bool {
        self.cover == Cover::Open || self.paper == Paper::End
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_says_and_what_it_does_not() {
        let mut state = PrinterState::default();
        assert_eq!((state.paper, state.cover, state.online), (Paper::Unknown, Cover::Unknown, None));
        for (reply, asked, expected) in [
            (Reply::Status(0x12), 1, None),
            (Reply::Status(0x1e), 4, None),
            (Reply::Status(0x7e), 4, Some("paper end")),
            (Reply::Status(0x12), 4, None),
            (Reply::Status(0x16), 2, Some("cover open")),
            (Reply::Status(0x12), 2, None),
            (Reply::Status(0x1a), 3, Some("the cutter is jammed")),
            (Reply::Automatic([0x10, 0, 0, 0]), 0, None),
            (Reply::Automatic([0x38, 0, 0x0c, 0]), 0, Some("cover open")),
            (Reply::Automatic([0x18, 0, 0x0c, 0]), 0, Some("paper end")),
            (Reply::Automatic([0x18, 0x20, 0, 0]), 0, Some("it reports an error that wants repair")),
            (Reply::Automatic([0x18, 0, 0, 0]), 0, Some("offline")),
            (Reply::Automatic([0x14, 0, 0x03, 0]), 0, None),
        ] {
            state.learn(&reply, asked);
            assert_eq!(state.trouble().as_deref(), expected, "{reply:?}");
        }
        assert_eq!((state.paper, state.drawer_pin), (Paper::NearEnd, DrawerPin::High));
    }
}
