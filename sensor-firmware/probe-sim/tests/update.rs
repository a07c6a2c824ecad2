//! An update: what is refused before anything is written, and what runs after a cut of power at any point of it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use proptest::prelude::*;
use trivet_probe_core::slots::{self, Start};
use trivet_probe_core::update::Updater;
use trivet_probe_sim::RamFlash;
use trivet_probe_sim::image::{DEVELOPMENT_SEED, development_key, sign};
use trivet_wire::update::BLOCK;
use trivet_wire::{Manifest, Phase, Rejected, Slot};

const SIZE: usize = 18 * 1_024;
const START: Start = Start { running: Slot::A, trial: false, rolled_back: false };

fn image(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 7 + at / 256) as u8).collect()
}

fn updater(flash: RamFlash<'_>, start: Start) -> Updater<RamFlash<'_>> {
    Updater::new(flash, Some(development_key()), "sim", start)
}

fn boot(memory: &mut [u8]) -> Start {
    slots::start(&mut RamFlash::new(memory)).unwrap()
}

fn send(flash: RamFlash<'_>, start: Start, image: &[u8], manifest: &Manifest, signature: &[u8]) -> Phase {
    let mut updater = updater(flash, start);
    updater.begin(&manifest.to_bytes());
    updater.sign(signature);
    for (n, block) in image.chunks(BLOCK).enumerate() {
        updater.block(n as u32, block);
    }
    updater.commit();
    updater.phase()
}

#[test]
fn a_signed_image_runs_on_trial_and_stays_when_it_has_proved_itself() {
    let mut memory = vec![0xff; SIZE];
    let image = image(5_000);
    let (manifest, signature) = sign(DEVELOPMENT_SEED, "sim", 2, Slot::B, &image).unwrap();
    assert_eq!(send(RamFlash::new(&mut memory), START, &image, &manifest, &signature), Phase::Committed);
    let start = boot(&mut memory);
    assert_eq!(start, Start { running: Slot::B, trial: true, rolled_back: false });
    let mut trial = updater(RamFlash::new(&mut memory), start);
    trial.begin(&manifest.to_bytes());
    assert_eq!(trial.phase(), Phase::Refused(Rejected::OnTrial));
    trial.confirm();
    assert_eq!(trial.phase(), Phase::Confirmed);
    for _ in 0..5 {
        assert_eq!(boot(&mut memory), Start { running: Slot::B, trial: false, rolled_back: false });
    }
}

#[test]
fn an_image_that_does_not_prove_itself_gives_way_to_the_former_one() {
    let mut memory = vec![0xff; SIZE];
    let image = image(300);
    let (manifest, signature) = sign(DEVELOPMENT_SEED, "sim", 2, Slot::B, &image).unwrap();
    send(RamFlash::new(&mut memory), START, &image, &manifest, &signature);
    let starts: Vec<Start> = (0..4).map(|_| boot(&mut memory)).collect();
    let trial = Start { running: Slot::B, trial: true, rolled_back: false };
    let former = Start { running: Slot::A, trial: false, rolled_back: true };
    assert_eq!(starts, [trial, trial, former, former]);
    let mut runs = updater(RamFlash::new(&mut memory), former);
    assert_eq!(runs.phase(), Phase::RolledBack);
    runs.told();
    assert_eq!(boot(&mut memory), START, "what was told is not told at each start");
}

#[test]
fn what_is_not_signed_for_this_board_changes_not_a_byte() {
    let image = image(1_000);
    let seal = |seed, model, slot| sign(seed, model, 2, slot, &image).unwrap();
    let (right, signature) = seal(DEVELOPMENT_SEED, "sim", Slot::B);
    let (_, foreign) = seal([9; 32], "sim", Slot::B);
    let (other_board, other_signature) = seal(DEVELOPMENT_SEED, "rp2040", Slot::B);
    let (running, running_signature) = seal(DEVELOPMENT_SEED, "sim", Slot::A);
    let long = Manifest { length: 9_000, ..right };
    for (manifest, signature, expected) in [
        (right, &foreign[..], Rejected::Signature),
        (right, &signature[..63], Rejected::Signature),
        (right, &other_signature[..], Rejected::Signature),
        (Manifest { version: 3, ..right }, &signature[..], Rejected::Signature),
        (other_board, &other_signature[..], Rejected::Hardware),
        (running, &running_signature[..], Rejected::WrongSlot),
        (long, &signature[..], Rejected::TooLong),
    ] {
        let mut memory = vec![0xff; SIZE];
        let flash = RamFlash::new(&mut memory);
        let mut updater = updater(flash, START);
        updater.begin(&manifest.to_bytes());
        if updater.phase() == Phase::Begun {
            updater.sign(signature);
        }
        assert_eq!(updater.phase(), Phase::Refused(expected));
        updater.block(0, &image[..BLOCK]);
        updater.commit();
        assert!(memory.iter().all(|byte| *byte == 0xff), "{expected:?}: something was written");
    }
}

#[test]
fn an_image_that_is_not_the_signed_one_does_not_run() {
    let mut memory = vec![0xff; SIZE];
    let mut other = image(1_000);
    let (manifest, signature) = sign(DEVELOPMENT_SEED, "sim", 2, Slot::B, &other).unwrap();
    other[500] ^= 1;
    let phase = send(RamFlash::new(&mut memory), START, &other, &manifest, &signature);
    assert_eq!(phase, Phase::Refused(Rejected::Hash));
    assert_eq!(boot(&mut memory), START);
}

#[test]
fn a_block_twice_or_too_early_changes_nothing() {
    let mut memory = vec![0xff; SIZE];
    let image = image(200);
    let (manifest, signature) = sign(DEVELOPMENT_SEED, "sim", 2, Slot::B, &image).unwrap();
    let mut updater = updater(RamFlash::new(&mut memory), START);
    updater.begin(&manifest.to_bytes());
    updater.sign(&signature);
    let blocks: Vec<&[u8]> = image.chunks(BLOCK).collect();
    for n in [0, 0, 2, 1, 0, 3, 1, 2, 9, 3] {
        updater.block(n, blocks.get(n as usize).copied().unwrap_or(&[0; BLOCK]));
        updater.commit();
    }
    assert_eq!(updater.phase(), Phase::Committed);
}

#[test]
fn a_board_without_a_key_or_a_memory_refuses() {
    let mut memory = vec![0xff; SIZE];
    let (manifest, _) = sign(DEVELOPMENT_SEED, "sim", 2, Slot::B, &[1]).unwrap();
    let mut keyless = Updater::new(RamFlash::new(&mut memory), None, "sim", START);
    keyless.begin(&manifest.to_bytes());
    assert_eq!(keyless.phase(), Phase::Refused(Rejected::NoSlots));
    let mut bare = Updater::new(slots::NoFlash, Some(development_key()), "sim", START);
    bare.begin(&manifest.to_bytes());
    assert_eq!(bare.phase(), Phase::Refused(Rejected::NoSlots));
}

/// Whether the image in the slot that would run is whole. Slot A is what left the works.
fn runs_whole(memory: &mut [u8], slot: Slot, image: &[u8]) -> bool {
    let begin = slots::extent(&RamFlash::new(memory), slot).0 as usize;
    slot == Slot::A || memory[begin..begin + image.len()] == *image
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The power may go in the middle of any erase or write, of the update or of the starts behind it.
    #[test]
    fn a_cut_of_power_never_leaves_a_board_without_a_whole_image(
        length in 1_usize..4_000, cut in 1_u32..40, cut_start in 1_u32..4, confirms in any::<bool>())
    {
        let mut memory = vec![0xff; SIZE];
        let image = image(length);
        let (manifest, signature) = sign(DEVELOPMENT_SEED, "sim", 2, Slot::B, &image).unwrap();
        let phase = send(RamFlash::cut_after(&mut memory, cut), START, &image, &manifest, &signature);
        let _ = slots::start(&mut RamFlash::cut_after(&mut memory, cut_start));
        let start = boot(&mut memory);
        prop_assert!(runs_whole(&mut memory, start.running, &image), "{:?}, {:?}", phase, start);
        if confirms && start.trial {
            updater(RamFlash::cut_after(&mut memory, cut_start), start).confirm();
        }
        for _ in 0..4 {
            let start = boot(&mut memory);
            prop_assert!(runs_whole(&mut memory, start.running, &image), "{:?}", start);
        }
        // And what it was cut off from can be done again.
        let start = boot(&mut memory);
        let slot = start.running.other();
        let (manifest, signature) = sign(DEVELOPMENT_SEED, "sim", 3, slot, &image).unwrap();
        let phase = send(RamFlash::new(&mut memory), start, &image, &manifest, &signature);
        prop_assert_eq!(phase, Phase::Committed);
        prop_assert_eq!(boot(&mut memory).running, slot);
    }
}
