//! A container of a data export: it says what a folder with the same files says, and what cannot be read is a gap.

use std::sync::Arc;

use leaver::source::logs::import::Container;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use url::Url;

use super::*;

const HOUR: &str = "WorkspaceResourceId=/subscriptions/s/y=2026/m=05/d=02/h=10";

/// Imports what lies below a folder of the container; some of it is gone before it is read.
fn import_container(blobs: &[(&str, Vec<u8>)], folder: &str, gone: &[&str]) -> Read {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let container = runtime.block_on(async {
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        for (name, content) in blobs {
            store.put(&Path::from(*name), content.clone().into()).await.unwrap();
        }
        let url = Url::parse(&["az://am-mcpauditlog_cl", folder].concat()).unwrap();
        let container = Container::list(&url, Arc::clone(&store)).await.unwrap();
        for name in gone {
            store.delete(&Path::from(*name)).await.unwrap();
        }
        container
    });
    Logs::new().import_from(&[Input::Container(container)], &runtime)
}

fn line(hour: u8, principal: &str) -> Vec<u8> {
    let time = format!("2026-05-02T{hour:02}:00:00Z");
    format!(r#"{{"TimeGenerated":"{time}","caller_oid":"{principal}","resource_accessed":"/a/{hour}"}}"#).into_bytes()
}

fn blobs() -> Vec<(String, Vec<u8>)> {
    vec![
        (format!("{HOUR}/m=05/PT05M.json"), line(10, RUNNER)),
        (format!("{HOUR}/m=00/PT05M.json"), [line(9, ALICE), line(9, OTHER)].join(&b'\n')),
        (format!("{HOUR}/m=10/PT05M.json.gz"), packed(line(11, ALICE))),
        ("other/PT05M.json".to_owned(), line(12, ALICE)),
    ]
}

fn borrowed(blobs: &[(String, Vec<u8>)]) -> Vec<(&str, Vec<u8>)> {
    blobs.iter().map(|(name, content)| (name.as_str(), content.clone())).collect()
}

#[test]
fn a_container_says_what_a_folder_says() {
    let logs = Logs::new();
    blobs().iter().for_each(|(name, content)| drop(logs.write(name, content)));
    let (folder, container) = (logs.import(&[]), import_container(&borrowed(&blobs()), "", &[]));
    assert_eq!(container.calls(), folder.calls());
    assert_eq!(container.calls().len(), 4);
    assert_eq!(container.log(), folder.log());
    assert_eq!((container.imported.files, container.imported.bytes), (folder.imported.files, folder.imported.bytes));
    assert_eq!(container.texts("SELECT DISTINCT source FROM tool_call"), ["az://am-mcpauditlog_cl/"]);
}

#[test]
fn only_the_folder_that_is_named_is_read() {
    let read = import_container(&borrowed(&blobs()), "/other", &[]);
    assert_eq!(read.calls(), ["2026-05-02T12:00:00Z a - /a/12 -"]);
    assert_eq!(read.texts("SELECT source FROM log_table"), ["az://am-mcpauditlog_cl/other"]);
}

#[test]
fn a_blob_that_cannot_be_read_is_a_gap_with_its_name_and_hides_no_other() {
    let lost = format!("{HOUR}/m=05/PT05M.json");
    let read = import_container(&borrowed(&blobs()), "", &[&lost]);
    assert_eq!(read.calls().len(), 3);
    let gaps = read.evidence.coverage().unwrap().into_iter().filter_map(|row| row.gap?.detail);
    let about = gaps.filter(|detail| detail.raw().contains(&format!("az://am-mcpauditlog_cl/{lost}")));
    assert_eq!(about.count(), 5, "one for each table");
}

#[test]
fn an_empty_container_is_no_quiet_one() {
    let read = import_container(&[], "", &[]);
    assert!(read.gaps("tool_call").join("\n").contains("there is no file in it"));
}
