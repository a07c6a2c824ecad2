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
/// Messages that are taken at once, before the others have their turn.
pub const MAX_TAKEN: usize = 256;
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
    /// There may be more of them.
    Again,
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
    /// What was said of it already.
    said: BTreeSet<&'static str>,
}

impl Talk {
    pub fn new(who: String, rules: Arc<Rules>) -> Talk {
        Talk { who, rules, unreleased: BTreeSet::new(), skip: 0, said: BTreeSet::new() }
    }

    /// Takes the packets that are whole, up to [`MAX_TAKEN`] messages or the first that asks something of the broker
    /// itself.
    pub fn take(
        &mut self,
        received: &mut BytesMut,
        messages: &mut Vec<Message>,
        answer: &mut BytesMut,
    ) -> Result<Next, Fault> {
        while messages.len() < MAX_TAKEN {
            let skipped = self.skip.min(received.len());
            received.advance(skipped);
            self.skip -= skipped;
            match Packet::read(received, MAX_PACKET) {
                Err(Error::InsufficientBytes(_)) => return Ok(Next::More),
                Err(Error::PayloadSizeLimitExceeded(length)) => {
                    if !self.pass_over(received, length, answer)? {
                        return Ok(Next::More);
                    }
                }
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
        Ok(Next::Again)
    }

    fn publish(&mut self, publish: Publish, messages: &mut Vec<Message>, answer: &mut BytesMut) -> Result<(), Fault> {
        let Publish { topic, payload, retain, pkid, qos, .. } = publish;
        if !is_topic(&topic) {
            return Err(Fault::Topic(topic.chars().take(100).collect()));
        }
        let is_new = self.answer(qos, pkid, answer)?;
        // 3.3.5.2: a message that is not allowed is answered like any other.
        match self.rules.may_write(&topic) {
            true if is_new => messages.push(Message { topic, payload, retain }),
            true => {}
            false => self.say("rule", &format!("may not write {topic:?}")),
        }
        Ok(())
    }

    /// False for one that the client has sent before.
    fn answer(&mut self, qos: QoS, pkid: u16, answer: &mut BytesMut) -> Result<bool, Fault> {
        match qos {
            QoS::AtMostOnce => Ok(true),
            QoS::AtLeastOnce => Ok(PubAck::new(pkid).write(answer).map(|_| true)?),
            QoS::ExactlyOnce => {
                PubRec::new(pkid).write(answer)?;
                let is_new = self.unreleased.insert(pkid);
                if self.unreleased.len() > MAX_UNRELEASED { Err(Fault::Unreleased) } else { Ok(is_new) }
            }
        }
    }

    /// Some devices describe themselves at great length: such a message is answered, and passed over. False until enough
    /// of it has come to answer.
    fn pass_over(&mut self, received: &BytesMut, length: usize, answer: &mut BytesMut) -> Result<bool, Fault> {
        let (kind, rest) = received.split_first().ok_or(Fault::TooLong)?;
        let header = rest.iter().position(|byte| byte & 0x80 == 0).ok_or(Fault::TooLong)? + 1;
        if kind >> 4 != PUBLISH {
            return Err(Fault::TooLong);
        }
        let qos = rumqttc::mqttbytes::qos(kind >> 1 & 3)?;
        let number = |at: usize| Some(u16::from_be_bytes([*rest.get(at)?, *rest.get(at + 1)?]));
        if qos != QoS::AtMostOnce {
            let Some(topic) = number(header).map(usize::from) else { return Ok(false) };
            if topic + 4 > length {
                return Err(Fault::TooLong);
            }
            let Some(pkid) = number(header + 2 + topic) else { return Ok(false) };
            self.answer(qos, pkid, answer)?;
        }
        self.skip = 1 + header + length;
        self.say("length", &format!("sent a message of {length} bytes, which is passed over: {MAX_PACKET} at most"));
        Ok(true)
    }

    /// Once of a kind, so that a device that goes on fills no log.
    fn say(&mut self, kind: &'static str, what: &str) {
        if self.said.insert(kind) {
            tracing::warn!(client = self.who, "a device at the embedded broker {what}");
        }
    }
}
