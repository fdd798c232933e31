//! The archive in a directory: numbered, chained, never overwritten; what is missing or replaced shows.

use std::fs;

use leaver::config::{Archive, ArchiveUrl};
use leaver::error::Exit;
use leaver::run;

use super::Place;

async fn place() -> Place {
    let mut place = Place::new().await;
    fs::create_dir(place.path("archive")).unwrap();
    let url = ArchiveUrl::try_from(format!("file://{}", place.path("archive").display())).unwrap();
    place.config.archive = Archive { url: Some(url), account: None };
    place
}

async fn verify(place: &Place) -> (Exit, String) {
    place.printed();
    let keys = [place.path("key.pub")];
    let exit = run::archive::verify(&keys, None, &Default::default(), &place.config, &place.env()).await.unwrap();
    (exit, place.printed())
}

#[tokio::test]
async fn reports_are_numbered_and_each_names_the_one_before_it() {
    let place = place().await;
    let (exit, text) = verify(&place).await;
    assert_eq!((exit, text.contains("the archive is empty")), (Exit::Unverified, true));
    for name in ["a", "b", "c"] {
        place.bundle(name).await.unwrap();
    }
    assert_eq!(run::archive::list(&place.config, &place.env()).await.unwrap(), Exit::Clean);
    let text = place.printed();
    assert!(text.contains("contoso/000003") && text.contains("none: whoever may write"), "{text}");
    let (exit, text) = verify(&place).await;
    assert_eq!(exit, Exit::Clean, "{text}");
    let first = place.verify("a");
    let place_of = |name: &str| place.verify(name).report.unwrap().archive.unwrap();
    assert_eq!((place_of("a").number, place_of("a").previous), (1, None));
    assert_eq!(place_of("b").previous.unwrap().sha256, first.manifest.clone().unwrap());
    assert_eq!((place_of("c").organization.as_str(), place_of("c").number), ("contoso", 3));

    let chained = |previous: &str| {
        let request = run::verify::Request {
            bundle: place.path("b"),
            keys: vec![place.path("key.pub")],
            previous: Some(place.path(previous)),
            ..Default::default()
        };
        run::verify::verify(&request, &place.config, &place.env()).unwrap()
    };
    assert_eq!((chained("a"), chained("c")), (Exit::Clean, Exit::Unverified));
}

#[tokio::test]
async fn a_missing_replaced_or_changed_report_shows() {
    let place = place().await;
    for name in ["a", "b", "c"] {
        place.bundle(name).await.unwrap();
    }
    let at = |number: u32| place.path(&format!("archive/contoso/{number:06}"));
    let aside = place.path("aside");

    fs::rename(at(2), &aside).unwrap();
    let (exit, text) = verify(&place).await;
    assert!(exit == Exit::Unverified && text.contains("number 2 is missing"), "{text}");
    assert!(text.contains("another than it names"), "{text}");

    // Signed with the same key and whole, but not the report that stood there.
    copy(&at(3), &at(2));
    let (exit, text) = verify(&place).await;
    assert!(exit == Exit::Unverified && text.contains("belongs to another place"), "{text}");
    fs::remove_dir_all(at(2)).unwrap();
    fs::rename(&aside, at(2)).unwrap();
    assert_eq!(verify(&place).await.0, Exit::Clean);

    let report = at(2).join("report.json");
    let text = fs::read_to_string(&report).unwrap();
    fs::write(&report, text.replacen("unknown", "pass", 1)).unwrap();
    let (exit, printed) = verify(&place).await;
    assert!(exit == Exit::Unverified && printed.contains("report.json is not the file that was signed"), "{printed}");
    fs::write(&report, text).unwrap();

    fs::remove_file(at(3).join("manifest")).unwrap();
    let (exit, text) = verify(&place).await;
    assert!(exit == Exit::Clean && text.contains("contoso/000003  broken off"), "{text}");
    // A run that broke off stands in nobody's way: the next report follows the last one that is whole.
    place.bundle("e").await.unwrap();
    let next = place.verify("e").report.unwrap().archive.unwrap();
    assert_eq!((next.number, next.previous.unwrap().number), (4, 2));
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

#[tokio::test]
async fn nothing_is_ever_overwritten() {
    let place = place().await;
    place.bundle("a").await.unwrap();
    let archive = leaver::archive::Archive::open(&place.config.archive, Default::default(), &place.env()).unwrap();
    let taken = place.verify("a").report.unwrap().archive.unwrap();
    let path = place.path("archive/contoso/000001/report.json");
    let before = fs::read(&path).unwrap();
    let error = archive.put(&taken, &place.path("a")).await.unwrap_err();
    assert!(error.to_string().contains("already holds"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn an_archive_that_cannot_be_reached_costs_the_copy_only() {
    let mut place = place().await;
    fs::remove_dir(place.path("archive")).unwrap();
    let error = place.bundle("here").await.unwrap_err();
    assert_eq!((error.exit_code(), place.verify("here").holds()), (Exit::Undelivered, true), "{error}");
    // A container whose account does not answer is only noticed when it is asked.
    let url = ArchiveUrl::try_from("az://reports/leaver".to_owned()).unwrap();
    place.config.archive = Archive { url: Some(url), account: None };
    assert_eq!(place.bundle("a").await.unwrap_err().exit_code(), Exit::Usage);
    place.config.archive.account = Some("contoso".to_owned());
    place.config.endpoints.storage = Some(leaver::config::Endpoint::try_from("http://127.0.0.1:9".to_owned()).unwrap());
    place.variables.insert("LEAVER_AZURE_TOKEN".to_owned(), "storage-token".to_owned());
    let error = place.bundle("a").await.unwrap_err();
    assert_eq!(error.exit_code(), Exit::Undelivered);
    assert!(error.to_string().contains("not archived") && !error.to_string().contains("storage-token"), "{error}");
    let found = place.verify("a");
    assert!(found.holds() && found.report.unwrap().archive.is_none());
}
