//! The wires between the boxes: messages are late, come in another order, come twice, or are lost with a cut.

use std::collections::BTreeSet;

use trivet_log::sync::{Effect, Input, Message, Peer};

use super::replica::Replica;
use super::rng::Rng;

const NOW: u64 = 1_790_000_100_000;

struct Letter {
    from: usize,
    to: usize,
    message: Message,
}

pub(super) struct Network {
    boxes: usize,
    cut: BTreeSet<(usize, usize)>,
    under_way: Vec<Letter>,
    /// Each connection's messages keep their order, as a socket keeps it; of different ones they do not.
    settled: bool,
}

impl Network {
    pub(super) fn new(boxes: usize) -> Network {
        Network { boxes, cut: BTreeSet::new(), under_way: Vec::new(), settled: false }
    }

    /// Both ends forget what was under way.
    pub(super) fn cut(&mut self, rng: &mut Rng) {
        let (a, b) = self.pair(rng);
        self.cut.insert((a, b));
        self.under_way.retain(|letter| !joins(letter, a, b));
    }

    /// A connection is made (or made again): each side greets.
    pub(super) fn heal(&mut self, boxes: &mut [Replica], rng: &mut Rng) {
        let (a, b) = self.pair(rng);
        self.connect(boxes, a, b);
    }

    fn connect(&mut self, boxes: &mut [Replica], a: usize, b: usize) {
        self.cut.remove(&(a, b));
        self.under_way.retain(|letter| !joins(letter, a, b));
        for (from, to) in [(a, b), (b, a)] {
            let Some(replica) = boxes.get_mut(from) else { continue };
            let have = replica.heads();
            replica.peers.insert(to, Peer::new(&have, |_| true));
            let message = Message::Hello { have, certificates: Vec::new(), keys: Vec::new(), now_ms: None };
            self.under_way.push(Letter { from, to, message });
        }
    }

    /// A crashed box's connections are gone, on both ends.
    pub(super) fn forget(&mut self, index: usize) {
        self.under_way.retain(|letter| letter.from != index && letter.to != index);
        for other in 0..self.boxes {
            self.cut.insert((index.min(other), index.max(other)));
        }
    }

    pub(super) fn deliver(&mut self, boxes: &mut [Replica], rng: &mut Rng) {
        if self.under_way.is_empty() {
            return;
        }
        let index = rng.below(self.under_way.len() as u64) as usize;
        // The first of that connection: a socket does not overtake itself.
        let Some((from, to)) = self.under_way.get(index).map(|letter| (letter.from, letter.to)) else { return };
        let Some(first) = self.under_way.iter().position(|l| l.from == from && l.to == to) else { return };
        let letter = self.under_way.remove(first);
        let again = !self.settled && rng.below(8) == 0 && matches!(letter.message, Message::Batch(_));
        self.hand_over(boxes, letter.from, letter.to, letter.message.clone(), rng);
        if again {
            self.hand_over(boxes, letter.from, letter.to, letter.message, rng);
        }
    }

    fn hand_over(&mut self, boxes: &mut [Replica], from: usize, to: usize, message: Message, rng: &mut Rng) {
        let Some(replica) = boxes.get_mut(to) else { return };
        self.drive(replica, from, Input::Received(message), rng);
    }

    fn drive(&mut self, replica: &mut Replica, other: usize, input: Input, rng: &mut Rng) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            let Some(peer) = replica.peers.get_mut(&other) else { return };
            for effect in peer.handle(input) {
                match effect {
                    Effect::Send(message) => self.under_way.push(Letter { from: replica.index, to: other, message }),
                    Effect::Load(stream, after) => {
                        inputs.push(Input::Loaded(stream, replica.batch_after(&stream, after, rng)));
                    }
                    Effect::Store(batch) => match replica.store(&batch, NOW) {
                        Ok(held) => inputs.push(Input::Stored(batch.stream, held)),
                        Err(fault) => panic!("an honest batch was refused: {fault}"),
                    },
                    _ => {}
                }
            }
        }
        // What has grown is told to the other connections.
        for head in replica.heads() {
            for n in 0..self.boxes {
                let Some(peer) = replica.peers.get_mut(&n) else { continue };
                let loads: Vec<_> = peer.handle(Input::Grew(head.stream, head.seq));
                for effect in loads {
                    if let Effect::Load(stream, after) = effect {
                        let batch = replica.batch_after(&stream, after, rng);
                        let Some(peer) = replica.peers.get_mut(&n) else { continue };
                        for effect in peer.handle(Input::Loaded(stream, batch)) {
                            if let Effect::Send(message) = effect {
                                self.under_way.push(Letter { from: replica.index, to: n, message });
                            }
                        }
                    }
                }
            }
        }
    }

    /// All wires are whole again, and everything is delivered.
    pub(super) fn settle(&mut self, boxes: &mut [Replica], rng: &mut Rng) {
        self.settled = true;
        self.under_way.clear();
        for a in 0..self.boxes {
            for b in a + 1..self.boxes {
                self.connect(boxes, a, b);
            }
        }
        let mut steps = 0;
        while !self.under_way.is_empty() {
            self.deliver(boxes, rng);
            steps += 1;
            assert!(steps < 100_000, "the exchange does not come to rest");
        }
    }

    fn pair(&self, rng: &mut Rng) -> (usize, usize) {
        let a = rng.below(self.boxes as u64) as usize;
        let b = (a + 1 + rng.below(self.boxes as u64 - 1) as usize) % self.boxes;
        (a.min(b), a.max(b))
    }
}

fn joins(letter: &Letter, a: usize, b: usize) -> bool {
    (letter.from.min(letter.to), letter.from.max(letter.to)) == (a, b)
}
