//! Three boxes and every fault that the wire and the plug have, driven by one seed: the same seed, the same run.
//!
//! The boxes run the real log, merge, sync and rules; only the disk is a vector. Checked at the end of each schedule:
//! what was acknowledged is there, once; all boxes fold the same; stamps of an origin rise; chains hold; no number
//! carries two entries.

mod network;
mod replica;
mod rng;

use std::collections::BTreeMap;

use trivet_log::{Id, Origin};

use network::Network;
use replica::Replica;
use rng::Rng;

const BOXES: usize = 3;
const STEPS: usize = 120;

/// With `sabotage` a box answers before its commit: the checks must find out.
pub(crate) fn run(seed: u64, sabotage: bool) -> Result<(), String> {
    let mut rng = Rng::new(seed);
    let mut boxes: Vec<Replica> = (0..BOXES).map(|n| Replica::new(n, &mut rng)).collect();
    let certificates: Vec<_> = boxes.iter().map(Replica::certificate).collect();
    boxes.iter_mut().for_each(|replica| replica.introduce(&certificates));
    let mut network = Network::new(BOXES);
    let mut acknowledged: Vec<Id> = Vec::new();
    let mut now_ms = 1_790_000_000_000u64;
    for _ in 0..STEPS {
        now_ms += rng.below(2_000);
        let at = rng.below(BOXES as u64) as usize;
        match rng.below(100) {
            0..40 => {
                if let Some(replica) = boxes.get_mut(at) {
                    acknowledged.extend(replica.act(&mut rng, now_ms, sabotage));
                }
            }
            40..75 => network.deliver(&mut boxes, &mut rng),
            75..80 => network.cut(&mut rng),
            80..88 => network.heal(&mut boxes, &mut rng),
            88..93 => {
                if let Some(replica) = boxes.get_mut(at) {
                    replica.crash();
                }
                network.forget(at);
            }
            _ => {
                if let Some(replica) = boxes.get_mut(at) {
                    replica.step_clock(&mut rng);
                }
            }
        }
    }
    network.settle(&mut boxes, &mut rng);
    check(&boxes, &acknowledged)
}

fn check(boxes: &[Replica], acknowledged: &[Id]) -> Result<(), String> {
    let [first, others @ ..] = boxes else { return Err("no boxes".to_owned()) };
    for other in others {
        if first.heads() != other.heads() {
            return Err(format!("boxes hold different entries: {:?} and {:?}", first.heads(), other.heads()));
        }
        if first.folded() != other.folded() {
            return Err("boxes with the same entries fold differently".to_owned());
        }
    }
    let orders = first.orders();
    for order in acknowledged {
        match orders.iter().filter(|(id, _)| id == order).count() {
            1 => {}
            n => return Err(format!("order {order} was acknowledged and is there {n} times")),
        }
    }
    for replica in boxes {
        replica.check_chains()?;
        let mut last: BTreeMap<Origin, _> = BTreeMap::new();
        for (origin, hlc) in replica.stamps() {
            if last.insert(origin, hlc).is_some_and(|before| before >= hlc) {
                return Err(format!("the stamps of {origin} do not rise"));
            }
        }
    }
    Ok(())
}
