//! What `trivet-probe-sim` writes for those who update such a sensor.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use std::path::Path;
use std::process::{Command, Output};

use ed25519_compact::{PublicKey, Signature};
use sha2::{Digest, Sha256};
use trivet_probe_sim::image::development_key;
use trivet_wire::{Manifest, Slot};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trivet-probe-sim")).args(arguments).output().unwrap()
}

#[test]
fn an_image_is_signed_as_it_was_asked_for() {
    let none: &[&str] = &[];
    let other = ["--image-version", "1.3.260", "--image-slot", "a"];
    for (name, options, version, slot, text, ours) in [
        ("plain", none, 0x0002_0000, Slot::B, "firmware=0.2.0\n\n", true),
        ("other", &other[..], 0x0103_0104, Slot::A, "firmware=1.3.260\n\n", true),
        ("broken", &["--image-broken"][..], 0x0002_0000, Slot::B, "firmware=0.2.0\nbroken\n", true),
        ("foreign", &["--image-key-seed", "7"][..], 0x0002_0000, Slot::B, "firmware=0.2.0\n\n", false),
    ] {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.image"));
        let output = run(&[&["--image", path.to_str().unwrap()][..], options].concat());
        assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
        let file = std::fs::read(&path).unwrap();
        let (head, rest) = file.split_at(Manifest::BYTES);
        let (signature, image) = rest.split_at(64);
        let manifest = Manifest::read(head).unwrap();
        assert_eq!((manifest.version, manifest.slot), (version, slot), "{name}");
        assert_eq!(Some(manifest.hardware), Manifest::hardware_of("sim"));
        let sha256: [u8; 32] = Sha256::digest(image).into();
        assert_eq!((manifest.length as usize, manifest.sha256), (image.len(), sha256));
        assert!(image.starts_with(text.as_bytes()), "{name}");
        let signature = Signature::from_slice(signature).unwrap();
        assert_eq!(PublicKey::new(development_key()).verify(head, &signature).is_ok(), ours, "{name}");
    }
}

#[test]
fn the_development_key_is_told() {
    let output = run(&["--public-key"]);
    let digits: String = development_key().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{digits}\n"));
}

#[test]
fn what_makes_no_image_is_refused() {
    for wrong in [
        &["--image-broken"][..],
        &["--image", "/dev/null", "--image-version", "1.2"][..],
        &["--image", "/dev/null", "--image-slot", "c"][..],
    ] {
        let output = run(wrong);
        assert!(!output.status.success() && !output.stderr.is_empty(), "{wrong:?}: {output:?}");
    }
}
