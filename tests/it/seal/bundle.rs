//! What a bundle holds, how it comes to be, and what every change of it does.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use leaver::bundle::{ATTESTATION, State, TEST_RESULT};
use leaver::error::Exit;
use leaver::run::verify;
use leaver::seal::{self, Kind, PublicKey};

use super::{Place, attest, failed, of, reseal};

#[tokio::test]
async fn a_bundle_is_whole_signed_and_private() {
    let place = Place::new().await;
    assert_eq!(place.bundle("b").await.unwrap(), Exit::Unknown);
    let found = place.verify("b");
    assert_eq!(failed(&found), Vec::<&str>::new(), "{:?}", found.outcomes);
    assert_eq!(of(&found, "time").state, State::Absent);
    let (html, markdown) = (place.path("b/report.html"), place.path("b/report.md"));
    for path in [html, markdown] {
        assert!(fs::read_to_string(path).unwrap().contains("signed with the key"));
    }
    let report = found.report.unwrap();
    assert_eq!(report.signed_by, Some(place.key().public().id()));
    assert!(place.printed().contains("signed with the key"));
    let mode = |path| fs::metadata(place.path(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("b"), mode("b/report.json"), mode("b/evidence.db")), (0o700, 0o600, 0o600));
    assert_eq!(place.names(), ["b"]);
}

#[tokio::test]
async fn any_flipped_byte_in_any_file_is_found() {
    let place = Place::new().await;
    place.bundle("b").await.unwrap();
    for entry in fs::read_dir(place.path("b")).unwrap() {
        let path = entry.unwrap().path();
        let content = fs::read(&path).unwrap();
        let step = (content.len() / 120).max(1);
        let offsets = (0..content.len()).step_by(step).chain([content.len() - 1]);
        for at in offsets {
            let mut changed = content.clone();
            changed[at] ^= 1 << (at % 8);
            fs::write(&path, &changed).unwrap();
            assert!(!place.verify("b").holds(), "{} at {at}", path.display());
        }
        for changed in [&content[..content.len() - 1], &[content.as_slice(), b" "].concat()] {
            fs::write(&path, changed).unwrap();
            assert!(!place.verify("b").holds(), "{}", path.display());
        }
        fs::write(&path, &content).unwrap();
    }
    assert!(place.verify("b").holds());
}

#[tokio::test]
async fn an_unsigned_bundle_says_so_and_does_not_verify() {
    let mut place = Place::new().await;
    place.config.signing.key = None;
    assert_eq!(place.bundle("b").await.unwrap(), Exit::Unknown);
    let text = place.printed();
    assert!(text.contains("signed by nobody") && text.contains("b  unsigned"), "{text}");
    let found = place.verify("b");
    assert_eq!(failed(&found), ["signature", "key"]);
    assert_eq!(found.report.unwrap().signed_by, None);
    let key = place.path("key.pem").display().to_string();
    verify::sign(&place.path("b"), Some(&key), false, &place.config, &place.env()).await.unwrap();
    assert!(place.verify("b").holds());
}

#[tokio::test]
async fn a_reviewer_signs_as_well_and_only_strictness_asks_for_that_key() {
    let place = Place::new().await;
    place.bundle("b").await.unwrap();
    verify::new_key(Kind::Ed25519, &place.path("key.2.pem"), false, &place.env()).unwrap();
    let reviewer = place.path("key.2.pem").display().to_string();
    verify::sign(&place.path("b"), Some(&reviewer), false, &place.config, &place.env()).await.unwrap();
    let told = place.verify("b");
    assert!(told.holds() && of(&told, "key").detail.contains("the signature of the unknown"), "{told:?}");
    let mut trust = place.trust();
    trust.strict = true;
    let strict = leaver::bundle::verify(&place.path("b"), &trust).unwrap();
    assert_eq!(failed(&strict), ["key"], "--strict refuses what the reviewer added");
    trust.keys.push(PublicKey::read(&place.path("key.2.pub")).unwrap());
    assert!(leaver::bundle::verify(&place.path("b"), &trust).unwrap().holds());
    let again = verify::sign(&place.path("b"), Some(&reviewer), false, &place.config, &place.env()).await.unwrap_err();
    assert!(again.to_string().contains("already"), "{again}");
    trust.keys.remove(0);
    let found = leaver::bundle::verify(&place.path("b"), &trust).unwrap();
    assert_eq!(failed(&found), ["key"]);
    trust.keys.clear();
    assert_eq!(failed(&leaver::bundle::verify(&place.path("b"), &trust).unwrap()), ["signature", "key"]);
}

#[tokio::test]
async fn what_must_not_lie_in_a_bundle_is_named() {
    let place = Place::new().await;
    place.bundle("b").await.unwrap();
    let path = |name: &str| place.path("b").join(name);
    let told = |part: &str| {
        let found = place.verify("b");
        let files = of(&found, "files");
        assert!(files.state == State::Failed && files.detail.contains(part), "{part}: {}", files.detail);
    };
    fs::write(path("notes.txt"), "x").unwrap();
    told("notes.txt belongs to no bundle");
    fs::remove_file(path("notes.txt")).unwrap();
    fs::write(path("report.pdf"), "x").unwrap();
    told("report.pdf belongs to no bundle");
    fs::remove_file(path("report.pdf")).unwrap();
    fs::create_dir(path("report.d")).unwrap();
    told("report.d belongs to no bundle");
    fs::remove_dir(path("report.d")).unwrap();
    fs::write(path("attestation.tsr"), "x").unwrap();
    told("attestation.tsr is not attested");
    fs::remove_file(path("attestation.tsr")).unwrap();

    let kept = fs::read(path("evidence.db")).unwrap();
    fs::rename(path("evidence.db"), place.path("elsewhere")).unwrap();
    told("evidence.db is missing");
    symlink(place.path("elsewhere"), path("evidence.db")).unwrap();
    told("evidence.db is a link");
    fs::remove_file(path("evidence.db")).unwrap();
    fs::write(path("evidence.db"), kept).unwrap();

    let large = fs::File::options().write(true).open(path(ATTESTATION)).unwrap();
    let length = large.metadata().unwrap().len();
    large.set_len(17 << 20).unwrap();
    told("attestation.dsse.json is larger");
    large.set_len(length).unwrap();
    assert!(place.verify("b").holds());
    fs::remove_file(path(TEST_RESULT)).unwrap();
    assert_eq!(failed(&place.verify("b")), ["signature", "key", "time"]);
    fs::remove_file(path(ATTESTATION)).unwrap();
    assert_eq!(failed(&place.verify("b")), ["signature", "key"]);
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_is_never_opened() {
    let place = Place::new().await;
    place.bundle("b").await.unwrap();
    let text = fs::read(place.path("b").join(ATTESTATION)).unwrap();
    let statement = seal::Envelope::parse(&text).unwrap().payload;
    let statement = seal::Statement::parse(&statement, seal::PREDICATE).unwrap();
    for name in ["../key.pem", "/etc/passwd", "a/b", "..", "\u{1b}[2J"] {
        let mut digests = statement.digests().unwrap();
        digests.insert(name.to_owned(), seal::sha256(&fs::read(place.path("key.pem")).unwrap()));
        for (file, kind) in [(ATTESTATION, seal::PREDICATE), (TEST_RESULT, seal::TEST_RESULT)] {
            let other = seal::Statement::new(&digests, kind, statement.predicate().clone());
            attest(&place, &place.path("b").join(file), &other).await;
        }
        let found = place.verify("b");
        assert_eq!(failed(&found), ["files"], "{name}");
        assert!(!of(&found, "files").detail.contains('\u{1b}'));
    }
}

#[tokio::test]
async fn a_bundle_that_is_there_is_replaced_as_a_whole_or_not_at_all() {
    let place = Place::new().await;
    place.bundle("b").await.unwrap();
    let before = fs::read(place.path("b/attestation.dsse.json")).unwrap();
    let refused = place.bundle("b").await.unwrap_err();
    assert_eq!((refused.exit_code(), refused.to_string().contains("is there already")), (Exit::Usage, true));
    assert_eq!(fs::read(place.path("b/attestation.dsse.json")).unwrap(), before);
    place.bundle_with("b", true).await.unwrap();
    assert!(place.verify("b").holds());
    assert_ne!(fs::read(place.path("b/attestation.dsse.json")).unwrap(), before);
    assert_eq!(place.names(), ["b"]);

    fs::create_dir(place.path("home")).unwrap();
    fs::write(place.path("home/thesis.tex"), "x").unwrap();
    let refused = place.bundle_with("home", true).await.unwrap_err();
    assert!(refused.to_string().contains("something else than a bundle"), "{refused}");
    fs::write(place.path("file"), "x").unwrap();
    assert_eq!(place.bundle_with("file", true).await.unwrap_err().exit_code(), Exit::Usage);
    assert_eq!(place.bundle("none/b").await.unwrap_err().exit_code(), Exit::Failed);
    fs::create_dir(place.path("empty")).unwrap();
    place.bundle("empty").await.unwrap();
    assert!(place.verify("empty").holds());
    assert_eq!(place.names(), ["b", "empty", "file", "home"]);
}

#[tokio::test]
async fn judging_again_finds_a_report_that_says_something_else() {
    let place = Place::new().await;
    place.bundle("b").await.unwrap();
    let request = |rejudge| verify::Request {
        bundle: place.path("b"),
        keys: vec![place.path("key.pub")],
        rejudge,
        ..verify::Request::default()
    };
    place.printed();
    assert_eq!(verify::verify(&request(true), &place.config, &place.env()).unwrap(), Exit::Clean);
    assert!(place.printed().contains("rejudge    ok"));
    let path = place.path("b/report.json");
    let mut report: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    report["verdict"] = "pass".into();
    fs::write(&path, report.to_string()).unwrap();
    reseal(&place, "b").await;
    assert_eq!(verify::verify(&request(false), &place.config, &place.env()).unwrap(), Exit::Clean);
    place.printed();
    assert_eq!(verify::verify(&request(true), &place.config, &place.env()).unwrap(), Exit::Unverified);
    let text = place.printed();
    assert!(text.contains("the verdict is unknown and not pass") && text.ends_with("NOT verified\n"), "{text}");
}

#[tokio::test]
async fn evidence_from_a_newer_version_is_told() {
    let place = Place::new().await;
    place.bundle("b").await.unwrap();
    let connection = rusqlite::Connection::open(place.path("b/evidence.db")).unwrap();
    connection.pragma_update(None, "user_version", 9999).unwrap();
    drop(connection);
    let sha256 = seal::sha256(&fs::read(place.path("b/evidence.db")).unwrap());
    let path = place.path("b/report.json");
    let mut report: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    report["evidence"]["sha256"] = sha256.into();
    fs::write(&path, report.to_string()).unwrap();
    reseal(&place, "b").await;
    let found = place.verify("b");
    assert!(found.holds(), "{:?}", found.outcomes);
    let checks = leaver::check::Checks::load(&[]).unwrap();
    let outcome = leaver::bundle::rejudge(&place.path("b"), &found.report.unwrap(), &checks);
    assert!(outcome.state == State::Failed && outcome.detail.contains("evidence format 9999"), "{}", outcome.detail);
}

#[tokio::test]
async fn a_directory_that_is_none_is_an_error_and_no_verdict() {
    let place = Place::new().await;
    assert!(leaver::bundle::verify(&place.path("nowhere"), &place.trust()).is_err());
    fs::create_dir(place.path("empty")).unwrap();
    let found = place.verify("empty");
    assert_eq!(failed(&found), ["files", "digest", "signature", "key", "evidence", "chain"]);
    assert!(of(&found, "files").detail.contains("report.json is missing"));
}

/// People read the pages; a digest of a page says nothing about whether it was ever true.
#[tokio::test]
async fn a_page_that_says_something_else_is_neither_signed_nor_verified() {
    let mut place = Place::new().await;
    place.config.signing.key = None;
    for page in ["report.html", "report.md"] {
        place.bundle_with("b", true).await.unwrap();
        fs::write(place.path("b").join(page), "nothing was found").unwrap();
        reseal(&place, "b").await;
        let request = verify::Request {
            bundle: place.path("b"),
            keys: vec![place.path("key.pub")],
            rejudge: true,
            ..verify::Request::default()
        };
        place.printed();
        assert_eq!(verify::verify(&request, &place.config, &place.env()).unwrap(), Exit::Unverified);
        let text = place.printed();
        assert!(text.contains(&format!("{page} is not what the report says")), "{text}");
        for seal in [ATTESTATION, TEST_RESULT] {
            fs::remove_file(place.path("b").join(seal)).unwrap();
        }
        let key = place.path("key.pem").display().to_string();
        let refused = verify::sign(&place.path("b"), Some(&key), false, &place.config, &place.env()).await.unwrap_err();
        assert!(refused.exit_code() == Exit::Unverified && refused.to_string().contains(page), "{refused}");
    }
}

#[tokio::test]
async fn a_manifest_of_another_program_cannot_be_compared() {
    let place = Place::new().await;
    place.bundle("b").await.unwrap();
    let path = place.path("b/manifest");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("# rendered by leaver "));
    let report = place.verify("b").report.unwrap();
    for first in ["# rendered by leaver 99.0.0\n", ""] {
        fs::write(&path, format!("{first}{}", text.split_once('\n').unwrap().1)).unwrap();
        let outcome = leaver::bundle::forms(&place.path("b"), &report);
        assert!(outcome.state == State::Failed && outcome.detail.contains("cannot compare"), "{}", outcome.detail);
    }
}

#[tokio::test]
async fn a_key_counts_once_and_has_to_sign_both_files() {
    let place = Place::new().await;
    place.bundle("b").await.unwrap();
    let path = place.path("b").join(ATTESTATION);
    let whole = fs::read(&path).unwrap();
    let mut envelope = seal::Envelope::parse(&whole).unwrap();
    envelope.signatures.push(envelope.signatures[0].clone());
    fs::write(&path, envelope.to_json().unwrap()).unwrap();
    assert!(of(&place.verify("b"), "signature").detail.contains("stands 2 times"));
    verify::new_key(Kind::Ed25519, &place.path("key.2.pem"), false, &place.env()).unwrap();
    let other = seal::LocalKey::read(&place.path("key.2.pem"), false, || None).unwrap();
    envelope.signatures.pop();
    envelope.sign(&seal::Signer::Local(other)).await.unwrap();
    fs::write(&path, envelope.to_json().unwrap()).unwrap();
    let mut trust = place.trust();
    trust.keys.push(PublicKey::read(&place.path("key.2.pub")).unwrap());
    let found = leaver::bundle::verify(&place.path("b"), &trust).unwrap();
    assert!(of(&found, "signature").detail.contains("has not signed test-result"), "{:?}", found.outcomes);
}
