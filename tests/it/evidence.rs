//! The evidence file: coverage whatever happens, nothing half-written, strangers and damage refused.

use std::fs;
use std::path::Path;

use leaver::evidence::row::{Clean, Column, DelegatedGrant, Device, Need, Row, Sponsorship, TEXT_LIMIT, tables};
use leaver::evidence::{Error, Evidence, FORMAT, SCHEMA, Scope, Stop, Writer};
use leaver::model::{Cause, GapKind};
use rusqlite::Connection;

fn scope() -> Scope {
    Scope { name: "tenant".into(), person: None, needs: "Directory.Read.All".into() }
}

fn grant(id: &str) -> DelegatedGrant {
    DelegatedGrant {
        id: id.into(),
        client: "c".into(),
        resource: "r".into(),
        consent: "Principal".into(),
        principal: Some("p".into()),
        ..Default::default()
    }
}

async fn sealed(directory: &Path) -> Evidence {
    let writer = Writer::create(directory, &[("tool", "leaver".into())]).unwrap();
    let fill = async |rows: &mut leaver::evidence::Rows| Ok(rows.insert(&grant("g1"))?);
    writer.dataset(&["delegated_grant"], &scope(), fill).await.unwrap();
    writer.seal(Some(&directory.join("e.db"))).unwrap()
}

#[test]
fn rows_and_schema_agree() {
    let database = Connection::open_in_memory().unwrap();
    database.execute_batch(SCHEMA).unwrap();
    for (table, columns) in tables() {
        let mut info = database.prepare("SELECT name FROM pragma_table_info(?)").unwrap();
        let found: Vec<String> = info.query_map([table], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        assert_eq!(found, columns, "{table}");
    }
    let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('meta', 'coverage', 'request')";
    let count: i64 = database.query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(count, tables().count() as i64, "a table without a row type");
}

#[tokio::test]
async fn a_data_set_leaves_coverage_even_when_it_is_empty_or_ends_early() {
    let directory = tempfile::tempdir().unwrap();
    let writer = Writer::create(directory.path(), &[]).unwrap();
    writer.dataset(&["device"], &scope(), async |_| Ok(())).await.unwrap();
    let ended = writer
        .dataset(&["delegated_grant"], &scope(), async |rows| {
            rows.insert(&grant("g1"))?;
            Err(Stop::Gap(Cause::new(GapKind::Denied, "403")))
        })
        .await
        .unwrap();
    assert_eq!(ended.unwrap().kind, GapKind::Denied);
    let evidence = writer.seal(None).unwrap();
    let coverage = evidence.coverage().unwrap();
    assert_eq!(coverage.len(), 2);
    assert_eq!((coverage[0].dataset.as_str(), coverage[0].objects), ("delegated_grant", 1), "what was read is kept");
    let gap = coverage[0].gap.clone().unwrap();
    assert_eq!((gap.kind, gap.needs.as_deref()), (GapKind::Denied, Some("Directory.Read.All")));
    assert!(gap.hint.contains("Directory.Read.All"));
    assert_eq!((coverage[1].dataset.as_str(), coverage[1].objects, &coverage[1].gap), ("device", 0, &None));
}

#[tokio::test]
async fn a_noted_gap_keeps_the_table_incomplete_and_the_others_complete() {
    let directory = tempfile::tempdir().unwrap();
    let writer = Writer::create(directory.path(), &[]).unwrap();
    writer
        .dataset(&["device", "delegated_grant"], &scope(), async |rows| {
            rows.gap("device", Cause::new(GapKind::Truncated, "cut"));
            rows.insert(&Device {
                id: "d".into(),
                person: "p".into(),
                relation: "owned".into(),
                ..Default::default()
            })?;
            Ok(())
        })
        .await
        .unwrap();
    let coverage = writer.seal(None).unwrap().coverage().unwrap();
    assert!(coverage[0].gap.is_none());
    assert_eq!(coverage[1].gap.as_ref().unwrap().kind, GapKind::Truncated);
}

#[tokio::test]
async fn a_row_without_what_checks_join_or_judge_by_stays_and_is_a_gap() {
    let directory = tempfile::tempdir().unwrap();
    let writer = Writer::create(directory.path(), &[]).unwrap();
    let rows: [DelegatedGrant; 4] = [
        grant("whole"),
        DelegatedGrant { client: " ".into(), ..grant("client") },
        DelegatedGrant { principal: None, ..grant("principal") },
        DelegatedGrant { consent: "Somebody".into(), ..grant("consent") },
    ];
    let everybody = DelegatedGrant { consent: "AllPrincipals".into(), principal: None, ..grant("everybody") };
    for row in rows.iter().chain([&everybody]) {
        let scope = Scope { name: row.id.clone(), ..scope() };
        let fill = async |rows: &mut leaver::evidence::Rows| Ok(rows.insert(row)?);
        writer.dataset(&["delegated_grant"], &scope, fill).await.unwrap();
    }
    let coverage = writer.seal(None).unwrap().coverage().unwrap();
    let told = |row: &leaver::evidence::Coverage| {
        let gap = row.gap.as_ref()?;
        assert_eq!(gap.kind, GapKind::Truncated);
        Some(format!("{}: {}", row.scope.raw(), gap.detail.as_ref()?.raw()))
    };
    let gaps: Vec<String> = coverage.iter().filter_map(told).collect();
    assert_eq!(
        gaps,
        [
            "client: an item of this list came without its client",
            "consent: an item of this list came with a consent that is not known",
            "principal: an item of this list came without its principal",
        ]
    );
    assert!(coverage.iter().all(|row| row.objects == 1), "what came is kept");
}

#[test]
fn what_a_row_needs_are_columns_of_it() {
    fn named<R: Row>() {
        for column in R::NEEDS.iter().flat_map(Need::columns) {
            assert!(R::COLUMNS.contains(&column), "{}: {column}", R::TABLE);
        }
    }
    named::<DelegatedGrant>();
    named::<Sponsorship>();
    named::<leaver::evidence::row::FederatedCredential>();
    named::<leaver::evidence::row::github::Account>();
    named::<leaver::evidence::row::github::OidcTemplate>();
    named::<leaver::evidence::row::github::RulesetBypass>();
    named::<leaver::evidence::row::github::ScheduleActor>();
    named::<leaver::evidence::row::github::Run>();
}

#[tokio::test]
async fn ids_are_written_in_one_way() {
    let directory = tempfile::tempdir().unwrap();
    let writer = Writer::create(directory.path(), &[]).unwrap();
    let upper = "0A000000-0000-4000-8000-00000000000B";
    let row = DelegatedGrant { client: format!("{{{upper}}}").into(), principal: Some(upper.into()), ..grant("AbC_d") };
    let fill = async |rows: &mut leaver::evidence::Rows| Ok(rows.insert(&row)?);
    writer.dataset(&["delegated_grant"], &scope(), fill).await.unwrap();
    let evidence = writer.seal(Some(&directory.path().join("e.db"))).unwrap();
    let connection = Connection::open(evidence.path()).unwrap();
    let sql = "SELECT id || ' ' || client || ' ' || principal FROM delegated_grant";
    let found: String = connection.query_row(sql, [], |row| row.get(0)).unwrap();
    let lower = upper.to_lowercase();
    assert_eq!(found, format!("AbC_d {lower} {lower}"));
}

#[tokio::test]
async fn a_dropped_writer_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let writer = Writer::create(directory.path(), &[]).unwrap();
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    drop(writer);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn the_same_rows_give_the_same_digest() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (one, two) = (sealed(one.path()).await, sealed(two.path()).await);
    assert_eq!(one.sha256(), two.sha256());
    assert_eq!(one.sha256().len(), 64);
}

#[tokio::test]
async fn a_file_that_is_not_ours_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.db");
    fs::write(&path, "not a database at all, but long enough to be looked at").unwrap();
    assert!(matches!(Evidence::open(&path), Err(Error::Foreign { .. })));
    fs::write(&path, "").unwrap();
    assert!(matches!(Evidence::open(&path), Err(Error::Foreign { .. })));
    fs::remove_file(&path).unwrap();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    assert!(matches!(Evidence::open(&path), Err(Error::Foreign { .. })));
    assert!(matches!(Evidence::open(&directory.path().join("absent")), Err(Error::File { .. })));
}

#[tokio::test]
async fn a_damaged_or_cut_file_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = sealed(directory.path()).await.path().to_owned();
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let cut = Evidence::open(&path).err().unwrap();
    assert!(matches!(cut, Error::Damaged { .. }), "{cut:?}");
    let mut broken = whole.clone();
    let middle = broken.len() / 2;
    broken[middle..].fill(0xAA);
    fs::write(&path, &broken).unwrap();
    assert!(matches!(Evidence::open(&path), Err(Error::Damaged { .. })));
}

#[tokio::test]
async fn a_newer_file_says_which_version_it_has() {
    let directory = tempfile::tempdir().unwrap();
    let path = sealed(directory.path()).await.path().to_owned();
    Connection::open(&path).unwrap().execute_batch(&format!("PRAGMA user_version = {}", FORMAT + 1)).unwrap();
    assert!(matches!(Evidence::open(&path), Err(Error::Newer { found, .. }) if found == FORMAT + 1));
}

#[test]
fn a_directory_that_is_not_there_is_an_error_with_its_name() {
    let error = Writer::create(Path::new("/nonexistent/leaver"), &[]).err().unwrap();
    assert!(error.to_string().contains("/nonexistent/leaver"));
}

#[tokio::test]
async fn long_text_is_cut_with_a_mark() {
    let directory = tempfile::tempdir().unwrap();
    let writer = Writer::create(directory.path(), &[]).unwrap();
    let mut long = grant("g1");
    long.scope = Some("x".repeat(10_000).into());
    writer.dataset(&["delegated_grant"], &scope(), async |rows| Ok(rows.insert(&long)?)).await.unwrap();
    let path = directory.path().join("e.db");
    writer.seal(Some(&path)).unwrap();
    let scope: String =
        Connection::open(&path).unwrap().query_row("SELECT scope FROM delegated_grant", [], |r| r.get(0)).unwrap();
    assert!(scope.len() < 1100 && scope.ends_with("… [10000 bytes]"), "{scope}");
}

#[tokio::test]
async fn a_text_that_rows_share_stands_in_each_of_them() {
    let directory = tempfile::tempdir().unwrap();
    let writer = Writer::create(directory.path(), &[]).unwrap();
    let (one, other, equal) = (Clean::from("one"), Clean::from("other"), Clean::from("one"));
    assert!(one.number() == one.clone().number() && one.number() != equal.number());
    let plain = Sponsorship { object: "plain".into(), sponsor: "s".into(), ..Sponsorship::default() };
    let fill = async |rows: &mut leaver::evidence::Rows| {
        rows.insert_many(|insert| {
            insert.values([&one, &"application", &None::<&str>, &one, &Some(&other)])?;
            insert.values([&one, &"application", &Some("own"), &other, &Some(&other)])?;
            insert.row(&plain)?;
            insert.values([&one, &"application", &Some("own"), &equal, &None::<Clean>])?;
            insert.values([&one, &"application", &Some("own"), &one, &Some(&other)])
        })?;
        Ok(())
    };
    writer.dataset(&["sponsorship"], &scope(), fill).await.unwrap();
    let path = directory.path().join("e.db");
    assert_eq!(writer.seal(Some(&path)).unwrap().coverage().unwrap()[0].objects, 5);
    let database = Connection::open(&path).unwrap();
    let sql =
        "SELECT concat_ws(' ', object, ifnull(object_name, '-'), sponsor, ifnull(sponsor_name, '-')) FROM sponsorship";
    let mut rows = database.prepare(sql).unwrap();
    let rows: Vec<String> = rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(rows, ["one - one other", "one own other other", "plain - s -", "one own one -", "one own one other"]);
}

#[test]
fn a_shared_text_is_scrubbed_and_cut_like_any_other() {
    let database = Connection::open_in_memory().unwrap();
    let kept = |value: &dyn Column| -> String {
        let mut select = database.prepare("SELECT ?").unwrap();
        value.bind(&mut select, 1).unwrap();
        select.raw_query().next().unwrap().unwrap().get(0).unwrap()
    };
    let token = ["xyz8Q", "~", "Ab3dE6gH9jK2mN5pQ8sT1vW4yZ7aC0eF3h"].concat();
    for text in ["", "a", &format!("x {token} y"), &"\u{e4}".repeat(TEXT_LIMIT)] {
        assert_eq!(kept(&Clean::from(text)), kept(&text), "{text}");
        assert!(!kept(&text).contains(&token));
    }
}
