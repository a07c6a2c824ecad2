//! What the pin does, edge by edge, on a mocked board.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use embedded_hal_mock::eh1::delay::{CheckedDelay, Transaction as Wait};
use embedded_hal_mock::eh1::digital::{Mock, State, Transaction as Edge};
use trivet_probe_core::{LineError, OneWire};

const HIGH: State = State::High;
const LOW: State = State::Low;

fn us(times: &[u32]) -> CheckedDelay {
    CheckedDelay::new(&times.iter().map(|us| Wait::delay_us(*us)).collect::<Vec<_>>())
}

fn reset(idle: State, presence: State, after: State) -> Vec<Edge> {
    let mut edges = vec![Edge::set(HIGH), Edge::get(idle)];
    if idle == HIGH {
        edges.extend([Edge::set(LOW), Edge::set(HIGH), Edge::get(presence), Edge::get(after)]);
    }
    edges
}

#[test]
fn a_reset_tells_a_sensor_from_none_and_from_a_short() {
    let whole = [10, 480, 70, 410];
    for (levels, waits, expected) in [
        ((HIGH, LOW, HIGH), &whole[..], Ok(())),
        ((HIGH, HIGH, HIGH), &whole[..], Err(LineError::Empty)),
        ((HIGH, LOW, LOW), &whole[..], Err(LineError::Short)),
        ((LOW, LOW, LOW), &whole[..1], Err(LineError::Short)),
    ] {
        let mut pin = Mock::new(&reset(levels.0, levels.1, levels.2));
        let mut delay = us(waits);
        let mut line = OneWire::new(pin.clone(), delay.clone());
        assert_eq!(line.reset(), expected, "{levels:?}");
        pin.done();
        delay.done();
    }
}

#[test]
fn bytes_go_lowest_bit_first() {
    // 0x44: 0 0 1 0 0 0 1 0.
    let bits = [false, false, true, false, false, false, true, false];
    let edges: Vec<Edge> = bits.iter().flat_map(|_| [Edge::set(LOW), Edge::set(HIGH)]).collect();
    let mut pin = Mock::new(&edges);
    let waits: Vec<u32> = bits.iter().flat_map(|one| if *one { [6, 64] } else { [60, 10] }).collect();
    let mut delay = us(&waits);
    OneWire::new(pin.clone(), delay.clone()).write(&[0x44]).unwrap();
    pin.done();
    delay.done();
}

#[test]
fn bytes_come_lowest_bit_first() {
    let levels = [HIGH, LOW, LOW, LOW, HIGH, LOW, HIGH, LOW];
    let edges: Vec<Edge> =
        levels.iter().flat_map(|level| [Edge::set(LOW), Edge::set(HIGH), Edge::get(*level)]).collect();
    let mut pin = Mock::new(&edges);
    let mut delay = us(&[6, 9, 55].repeat(8));
    assert_eq!(OneWire::new(pin.clone(), delay.clone()).read::<1>(), Ok([0x51]));
    pin.done();
    delay.done();
}
