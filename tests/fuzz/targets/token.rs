//! Any bytes as text with tokens: hits are in order and apart, nothing that a scan reports survives `scrub`, and
//! scrubbing twice changes nothing.
#![no_main]

use leaver::token::{kinds, scrub};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let hits = kinds().find(bytes);
    assert!(hits.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start));
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let clean = scrub(text).into_owned();
    assert_eq!(scrub(&clean), clean);
    for hit in hits {
        let value = &text[hit.span];
        assert!(text.matches(value).count() > clean.matches(value).count() || value.len() < 8);
    }
});
