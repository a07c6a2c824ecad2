//! What a client says to the embedded broker: no panic, no topic that is none, no answer that is longer than what was
//! asked deserves, however the bytes come.

#![no_main]

use std::sync::Arc;

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use trivet_drivers::broker::topics::is_topic;
use trivet_drivers::broker::{MAX_TAKEN, Message, Next, Talk};

fuzz_target!(|bytes: &[u8]| {
    let Some((cut, rest)) = bytes.split_first() else { return };
    let mut talk = Talk::new("fuzz".into(), Arc::default());
    let (mut received, mut messages, mut answer) = (BytesMut::new(), Vec::new(), BytesMut::new());
    let is_right = |messages: &[Message]| messages.iter().all(|message| is_topic(&message.topic));
    for part in rest.chunks(usize::from(*cut).max(1)) {
        received.extend_from_slice(part);
        loop {
            match talk.take(&mut received, &mut messages, &mut answer) {
                Ok(Next::More) => break,
                Ok(Next::Again) => {
                    assert!(is_right(&messages) && messages.len() == MAX_TAKEN);
                    messages.clear();
                }
                Ok(_) => {}
                Err(_) => return assert!(is_right(&messages)),
            }
        }
    }
    assert!(is_right(&messages));
    assert!(answer.len() <= rest.len());
});
