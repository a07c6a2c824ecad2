//! What a printer sends back, in every language: no panic, and no more held than the longest reply.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trivet_drivers::printer::{Decoder, LONGEST_REPLY, Language};

fuzz_target!(|bytes: &[u8]| {
    for language in [Language::Escpos, Language::Star, Language::Zpl] {
        let (mut whole, mut single) = (Decoder::new(language), Decoder::new(language));
        let replies = whole.feed(bytes);
        // However the link cuts it, it says the same.
        let mut one_by_one = Vec::new();
        for byte in bytes {
            one_by_one.extend(single.feed(&[*byte]));
            assert!(single.held() <= LONGEST_REPLY, "{language:?} holds {} bytes", single.held());
        }
        assert_eq!(replies, one_by_one, "{language:?}");
    }
});
