//! Timestamps: only what the pinned root stands for counts, and without one the report is kept and the exit code says so.

use std::fs;
use std::sync::Arc;

use leaver::bundle::State;
use leaver::config::TimestampUrl;
use leaver::error::Exit;
use leaver::seal::timestamp::{self, Roots};

use super::authority::{Authority, Mood};
use super::{Place, failed, of};

async fn place(authority: Authority) -> Place {
    let mut place = Place::new().await;
    fs::write(place.path("key.root"), authority.root()).unwrap();
    place.config.signing.timestamp_root = Some(place.path("key.root"));
    place.config.signing.timestamp_url = Some(TimestampUrl::try_from(Arc::new(authority).serve()).unwrap());
    place
}

#[tokio::test]
async fn a_timestamp_is_verified_against_its_root() {
    let place = place(Authority::new(Mood::Right)).await;
    assert_eq!(place.bundle("b").await.unwrap(), Exit::Unknown);
    let found = place.verify("b");
    assert!(of(&found, "time").detail.contains("give --tsa-root"));
    assert_eq!(failed(&found), ["time"]);
    let with = |root: &str| {
        let trust = leaver::bundle::Trust { roots: Some(Roots::read(&place.path(root)).unwrap()), ..place.trust() };
        leaver::bundle::verify(&place.path("b"), &trust).unwrap()
    };
    let found = with("key.root");
    assert!(found.holds(), "{:?}", found.outcomes);
    assert_eq!(of(&found, "time").detail, "signed before 2026-05-25T06:00:00Z");
    fs::write(place.path("key.other"), Authority::new(Mood::Right).root()).unwrap();
    assert!(of(&with("key.other"), "time").detail.contains("not trusted by the given root"));
    let kept = fs::read(place.path("b/attestation.tsr")).unwrap();
    fs::remove_file(place.path("b/attestation.tsr")).unwrap();
    assert_eq!(failed(&with("key.root")), ["files", "time"]);
    fs::write(place.path("b/attestation.tsr"), kept).unwrap();
    assert!(with("key.root").holds());
}

#[tokio::test]
async fn no_byte_of_a_timestamp_is_free() {
    for mood in [Mood::Right, Mood::Chatty] {
        let authority = Authority::new(mood);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("root"), authority.root()).unwrap();
        let roots = Roots::read(&folder.path().join("root")).unwrap();
        let request = timestamp::request(b"signature", 1 << 63);
        let file = timestamp::accept(&authority.answer(&request), b"signature", 1 << 63, &roots).unwrap();
        assert!(timestamp::verify(&file, b"signature", &roots).is_ok());
        assert!(timestamp::verify(&file, b"another", &roots).is_err());
        for at in 0..file.len() {
            for flip in [1, 2, 0x80, 0xff] {
                let mut changed = file.clone();
                changed[at] ^= flip;
                assert!(timestamp::verify(&changed, b"signature", &roots).is_err(), "{at} {flip:x}");
            }
        }
        for end in 0..file.len() {
            assert!(timestamp::verify(&file[..end], b"signature", &roots).is_err(), "{end}");
        }
    }
}

#[tokio::test]
async fn an_authority_that_cannot_be_trusted_leaves_a_signed_report_without_time() {
    for (mood, part) in [
        (Mood::Refusing, "refused with status 2"),
        (Mood::OtherNonce, "answers another request"),
        (Mood::OtherMessage, "of something else"),
        (Mood::OtherPurpose, "not trusted by the given root"),
        (Mood::Expired, "not trusted by the given root"),
        (Mood::BrokenSignature, "made its signature"),
        (Mood::Garbage, "no timestamp"),
        (Mood::ServerError, "answered 503"),
    ] {
        let place = place(Authority::new(mood)).await;
        let error = place.bundle("b").await.unwrap_err();
        assert_eq!(error.exit_code(), Exit::Undelivered, "{mood:?}");
        assert!(error.to_string().contains(part), "{mood:?}: {error}");
        let found = place.verify("b");
        assert!(found.holds() && of(&found, "time").state == State::Absent, "{mood:?} {:?}", found.outcomes);
        assert!(place.printed().contains("Exit 5"));
    }
}

#[tokio::test]
async fn an_authority_that_is_down_costs_the_timestamp_only() {
    let mut place = place(Authority::new(Mood::Right)).await;
    place.config.signing.timestamp_url = Some(TimestampUrl::try_from("http://127.0.0.1:9/x".to_owned()).unwrap());
    let error = place.bundle("b").await.unwrap_err();
    assert_eq!((error.exit_code(), place.verify("b").holds()), (Exit::Undelivered, true));
    place.config.signing.timestamp_root = None;
    assert_eq!(place.bundle("c").await.unwrap_err().exit_code(), Exit::Usage);
}
