//! What a client that is let in says, packet by packet. Pure: bytes in, messages and answers out.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use rumqttc::mqttbytes::v4::{Packet, PingResp, PubAck, PubComp, PubRec, Publish, Subscribe, Unsubscribe};
use rumqttc::mqttbytes::{Error, QoS};

use super::topics::{Rules, is_topic};
use super::{Fault, MAX_PACKET};

/// Messages of QoS 2 that a client has not released yet.
pub const MAX_UNRELEASED: usize = 100;
const PUBLISH: u8 = 3;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub topic: String,
    pub payload: Bytes,
    pub retain: bool,
}

/// Why [`Talk::take`] came back.
#[derive(Debug, PartialEq)]
pub enum Next {
    /// All whole packets were taken.
    More,
    Subscribe(Subscribe),
    Unsubscribe(Unsubscribe),
    Leave,
}

#[derive(Debug)]
pub struct Talk {
    /// For the log.
    who: String,
    rules: Arc<Rules>,
    unreleased: BTreeSet<u16>,
    /// Bytes to come of a packet that is passed over.
    skip: usize,
    /// One was passed over and said so.
    has_said: bool,
}

impl Talk {
    pub fn new(who: String, rules: Arc<Rules>) -> Talk {
        Talk { who, rules, unreleased: BTreeSet::new(), skip: 0, has_said: false }
    }

    /// Takes the packets that are whole, up to the first that asks something of the broker itself.
    pub fn take(
        &mut self,
        received: &mut BytesMut,
        messages: &mut Vec<Message>,
        answer: &mut BytesMut,
    ) -> Result<Next, Fault> {
        loop {
            let skipped = self.skip.min(received.len());
            received.advance(skipped);
            self.skip -= skipped;
            match Packet::read(received, MAX_PACKET) {
                Err(Error::InsufficientBytes(_)) => return Ok(Next::More),
                Err(Error::PayloadSizeLimitExceeded(length)) => self.pass_over(received, length)?,
                Err(error) => return Err(error.into()),
                Ok(Packet::Publish(publish)) => self.publish(publish, messages, answer)?,
                Ok(Packet::PubRel(release)) => {
                    self.unreleased.remove(&release.pkid);
                    PubComp::new(release.pkid).write(answer)?;
                }
                Ok(Packet::PingReq) => drop(PingResp.write(answer)?),
                Ok(Packet::Subscribe(subscribe)) => return Ok(Next::Subscribe(subscribe)),
                Ok(Packet::Unsubscribe(unsubscribe)) => return Ok(Next::Unsubscribe(unsubscribe)),
                Ok(Packet::Disconnect) => return Ok(Next::Leave),
                Ok(_) => return Err(Fault::OutOfTurn),
            }
        }
    }

    fn publish(&mut self, publish: Publish, messages: &mut Vec<Message>, answer: &mut BytesMut) -> Result<(), Fault> {
        let Publish { topic, payload, retain, pkid, qos, .. } = publish;
        if !is_topic(&topic) {
            return Err(Fault::Topic(topic));
        }
        let is_new = match qos {
            QoS::AtMostOnce => true,
            QoS::AtLeastOnce => PubAck::new(pkid).write(answer).map(|_| true)?,
            QoS::ExactlyOnce => {
                PubRec::new(pkid).write(answer)?;
                self.unreleased.insert(pkid)
            }
        };
        if self.unreleased.len() > MAX_UNRELEASED {
            return Err(Fault::Unreleased);
        }
        // 3.3.5.2: a message that is not allowed is answered like any other.
        match self.rules.may_write(&topic) {
            true if is_new => messages.push(Message { topic, payload, retain }),
            true => {}
            false => self.say(&format!("may not write {topic:?}")),
        }
        Ok(())
    }

    /// Some devices describe themselves at great length; what nobody waits for an answer to is passed over.
    fn pass_over(&mut self, received: &BytesMut, length: usize) -> Result<(), Fault> {
        let (kind, rest) = received.split_first().ok_or(Fault::TooLong)?;
        let header = rest.iter().position(|byte| byte & 0x80 == 0).ok_or(Fault::TooLong)? + 2;
        if kind >> 4 != PUBLISH || kind >> 1 & 3 != 0 {
            return Err(Fault::TooLong);
        }
        self.skip = header + length;
        self.say(&format!("sent a message of {length} bytes, which is passed over: {MAX_PACKET} at most"));
        Ok(())
    }

    fn say(&mut self, what: &str) {
        if !std::mem::replace(&mut self.has_said, true) {
            tracing::warn!(client = self.who, "a device at the embedded broker {what}");
        }
    }
}
