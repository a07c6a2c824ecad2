//! The states of an order and the one function that says which may follow which.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    #[default]
    #[n(0)]
    New,
    #[n(1)]
    Pending,
    #[n(2)]
    Confirmed,
    #[n(3)]
    Preparing,
    #[n(4)]
    Ready,
    /// Served. It says nothing of payment.
    #[n(5)]
    Completed,
    #[n(6)]
    Cancelled,
}

impl Status {
    pub const ALL: [Status; 7] = [
        Status::New,
        Status::Pending,
        Status::Confirmed,
        Status::Preparing,
        Status::Ready,
        Status::Completed,
        Status::Cancelled,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Status::New => "new",
            Status::Pending => "pending",
            Status::Confirmed => "confirmed",
            Status::Preparing => "preparing",
            Status::Ready => "ready",
            Status::Completed => "completed",
            Status::Cancelled => "cancelled",
        }
    }

    pub fn may_become(self, to: Status) -> bool {
        use Status::*;
        matches!(
            (self, to),
            (New, Pending | Cancelled)
                | (Pending, Confirmed | Cancelled)
                | (Confirmed, Preparing | Cancelled)
                | (Preparing, Ready | Cancelled)
                | (Ready, Completed)
        )
    }

    pub fn is_final(self) -> bool {
        matches!(self, Status::Completed | Status::Cancelled)
    }

    /// The steps from here to `to` along the way of a served order, `to` included; None if it lies not ahead.
    pub fn way_to(self, to: Status) -> Option<Vec<Status>> {
        let ahead = [Status::New, Status::Pending, Status::Confirmed, Status::Preparing, Status::Ready];
        let from = ahead.iter().position(|status| *status == self)?;
        let end = ahead.iter().position(|status| *status == to)?;
        ahead.get(from + 1..=end).map(<[Status]>::to_vec)
    }

    /// What an unknown text read from the wire or from a peer is shown as. A client that writes one is refused.
    pub fn read_leniently(text: &str) -> Status {
        text.parse().unwrap_or(Status::Pending)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Status {
    type Err = String;
    fn from_str(text: &str) -> Result<Status, String> {
        let known = Status::ALL.into_iter().find(|status| status.name() == text);
        known.ok_or_else(|| format!("`{text}` is no order status"))
    }
}
