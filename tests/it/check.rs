//! The check engine on real evidence files and real folders: loading, judging, cases, hostile checks.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use leaver::check::{self, Checks, Error, Judgement, Limits};
use leaver::evidence::row::{Account, DelegatedGrant, Device, Gateway, Person};
use leaver::evidence::{Evidence, Row, Scope, Stop, Writer};
use leaver::model::{Cause, GapKind, Severity, Status, Verdict};

const NOW: &str = "2026-06-01T00:00:00Z";

fn head(extra: &str) -> String {
    format!("/*\ntitle = \"A bad state\"\nseverity = \"high\"\nwhy = \"because\"\nfix = \"do\"\n{extra}*/\n")
}

/// A check of one SELECT.
fn checks(extra: &str, sql: &str) -> Checks {
    Checks::from_texts([("s/c.sql", &*format!("{}{sql}", head(extra)))]).unwrap()
}

/// What a data set of the made-up evidence holds.
enum Read<'r, R> {
    Whole(&'r [R]),
    Cut(&'r [R], Cause),
}

struct Made {
    writer: Writer,
    runtime: tokio::runtime::Runtime,
}

impl Made {
    fn new() -> Made {
        let writer = Writer::create(&std::env::temp_dir(), &[("now", NOW.to_owned())]).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Made { writer, runtime }
    }

    fn read<R: Row>(self, scope: &str, person: Option<&str>, read: Read<'_, R>) -> Made {
        let scope = Scope { name: scope.into(), person: person.map(str::to_owned), needs: "Some.Read.All".to_owned() };
        let (rows, gap) = match read {
            Read::Whole(rows) => (rows, None),
            Read::Cut(rows, cause) => (rows, Some(cause)),
        };
        let filled = self.writer.dataset(&[R::TABLE], &scope, async |out| {
            for row in rows {
                out.insert(row)?;
            }
            gap.map_or(Ok(()), |cause| Err(Stop::Gap(cause)))
        });
        self.runtime.block_on(filled).unwrap();
        self
    }

    fn people(self, ids: &[&str]) -> Made {
        let people: Vec<Person> = ids
            .iter()
            .map(|id| Person { id: (*id).to_owned(), object_id: (*id).to_owned(), ..Person::default() })
            .collect();
        self.read("tenant", None, Read::Whole(&people))
    }

    fn seal(self) -> Evidence {
        self.writer.seal(None).unwrap()
    }
}

fn device(id: &str, person: &str) -> Device {
    Device { id: id.into(), person: person.to_owned(), relation: "owned".to_owned(), ..Device::default() }
}

fn denied() -> Cause {
    Cause::new(GapKind::Denied, "403")
}

fn judge(evidence: &Evidence, checks: &Checks) -> Judgement {
    check::judge(evidence, checks, Limits::default()).unwrap().remove(0)
}

const DEVICES: &str =
    "SELECT person, id AS subject, 'fail' AS status, 'has a device' AS reason, name, seen_at FROM device;";

#[test]
fn the_embedded_checks_pass_their_own_cases() {
    let checks = Checks::load(&[]).unwrap();
    let summary = checks.test(None).unwrap();
    assert_eq!(summary.failures, [], "\n{summary}");
    assert!(summary.checks >= 1 && summary.cases >= 3);
    assert_eq!(checks.sha256(), Checks::load(&[]).unwrap().sha256());
}

#[test]
fn complete_evidence_without_a_row_is_a_pass_that_says_what_it_saw() {
    let sql =
        "SELECT person, id AS subject, CASE WHEN enabled = 1 THEN 'fail' WHEN enabled = 0 THEN 'pass' END AS status,
               'is on' AS reason FROM device;";
    let off = [1, 2].map(|n| Device { enabled: Some(false), ..device(&format!("d{n}"), "p") });
    let judgement = judge(&Made::new().read("tenant", None, Read::Whole(&off)).seal(), &checks("", sql));
    assert_eq!((judgement.verdict, judgement.examined, judgement.passed), (Verdict::Pass, 2, 2));
    assert_eq!((judgement.tables, judgement.gaps, judgement.findings), (vec!["device".to_owned()], vec![], vec![]));
}

#[test]
fn what_the_evidence_does_not_tell_is_unknown() {
    let sql =
        "SELECT person, id AS subject, CASE WHEN enabled = 1 THEN 'fail' WHEN enabled = 0 THEN 'pass' END AS status,
               'is on' AS reason FROM device;";
    let judgement = judge(&Made::new().read("tenant", None, Read::Whole(&[device("d", "p")])).seal(), &checks("", sql));
    assert_eq!((judgement.verdict, judgement.findings[0].status), (Verdict::Unknown, Status::Unknown));
}

#[test]
fn an_incomplete_table_is_never_a_pass_however_it_is_read() {
    let columns = "NULL AS person, 's' AS subject, 'fail' AS status, 'r' AS reason";
    for sql in [
        format!("SELECT {columns} FROM device;"),
        format!(
            "SELECT {columns} FROM account LEFT JOIN device ON device.person = account.person WHERE device.id = 'x';"
        ),
        format!("SELECT {columns} WHERE EXISTS (SELECT 1 FROM device);"),
        format!("SELECT {columns} WHERE (SELECT count(*) FROM device) > 5;"),
        format!("WITH mine AS (SELECT id FROM device) SELECT {columns} FROM mine;"),
    ] {
        let made = || Made::new().read::<Account>("tenant", None, Read::Whole(&[]));
        let missing = judge(&made().seal(), &checks("", &sql));
        assert_eq!((missing.verdict, missing.gaps[0].kind), (Verdict::Unknown, GapKind::NotCollected), "{sql}");
        let refused = judge(&made().read::<Device>("t", None, Read::Cut(&[], denied())).seal(), &checks("", &sql));
        assert_eq!(refused.verdict, Verdict::Unknown, "{sql}");
        assert_eq!(refused.gaps[0].needs.as_deref(), Some("Some.Read.All"), "{sql}");
        let whole = judge(&made().read::<Device>("t", None, Read::Whole(&[])).seal(), &checks("", &sql));
        assert_eq!((whole.verdict, whole.gaps), (Verdict::Pass, vec![]), "{sql}");
    }
}

#[test]
fn a_fail_stays_but_is_incomplete_unless_nothing_could_undo_it() {
    let evidence = Made::new().read("t", None, Read::Cut(&[device("d", "p")], denied())).seal();
    for (extra, complete) in [("", false), ("monotone = true\n", true)] {
        let judgement = judge(&evidence, &checks(extra, DEVICES));
        assert_eq!((judgement.verdict, judgement.gaps.len()), (Verdict::Fail, 1));
        assert_eq!(judgement.findings[0].complete, complete);
    }
}

#[test]
fn a_gap_of_one_person_leaves_the_others_judged() {
    let evidence = Made::new()
        .people(&["a", "b", "c", "d"])
        .read("a", Some("a"), Read::Cut(&[device("d1", "a")], denied()))
        .read("b", Some("b"), Read::Whole(&[device("d2", "b")]))
        .read::<Device>("c", Some("c"), Read::Whole(&[]))
        .seal();
    let judgements = check::judge(&evidence, &checks("", DEVICES), Limits::default()).unwrap();
    let complete: Vec<_> = judgements[0].findings.iter().map(|finding| finding.complete).collect();
    assert_eq!(complete, [false, true]);
    let people = check::by_person(&judgements, &evidence.people().unwrap());
    let verdict = |person: &str| people[person][0];
    assert_eq!(verdict("a"), ("s/c", Verdict::Fail));
    assert_eq!(verdict("b"), ("s/c", Verdict::Fail));
    assert_eq!(verdict("c"), ("s/c", Verdict::Pass));
    // Nobody asked about this one.
    assert_eq!(verdict("d"), ("s/c", Verdict::Unknown));
}

#[test]
fn a_gap_in_who_the_people_are_counts_too() {
    let sql = "SELECT person.id AS person, device.id AS subject, 'fail' AS status, 'r' AS reason
               FROM person JOIN device ON device.person = person.id;";
    let evidence = Made::new()
        .read("asked", None, Read::Cut::<Person>(&[], Cause::new(GapKind::Unresolved, "two match")))
        .read::<Device>("t", None, Read::Whole(&[]))
        .seal();
    let judgement = judge(&evidence, &checks("", sql));
    assert_eq!((judgement.verdict, judgement.gaps[0].dataset.as_str()), (Verdict::Unknown, "person"));
}

#[test]
fn a_query_that_breaks_while_it_runs_is_unknown_and_says_why() {
    let evidence = Made::new().read("t", None, Read::Whole(&[device("d", "p"), device("e", "p")])).seal();
    let row = |status: &str| format!("SELECT person, id AS subject, {status} AS status, 'r' AS reason FROM device;");
    for (sql, what) in [
        (row("'FAIL'"), "\"FAIL\" in `status`"),
        (row("CASE id WHEN 'd' THEN 'fail' WHEN 'e' THEN 'maybe' END"), "\"maybe\" in `status`"),
        (row("json_extract('{', '$.a')"), "malformed JSON"),
        (row("printf('%9000000d', 1)"), "1 MiB"),
        (row("CASE WHEN abs(-9223372036854775807 - 1) THEN 'fail' END"), "overflow"),
    ] {
        let judgement = judge(&evidence, &checks("", &sql));
        assert_eq!((judgement.verdict, judgement.findings.len()), (Verdict::Unknown, 0), "{sql}");
        let gap = &judgement.gaps[0];
        assert_eq!((gap.kind, gap.dataset.as_str()), (GapKind::Failed, "s/c"));
        assert!(gap.detail.as_ref().unwrap().raw().contains(what), "{gap:?}");
        assert!(gap.hint.contains("leaver checks test s/c"));
    }
}

#[test]
fn a_check_without_end_is_stopped_and_too_many_rows_are_cut() {
    let evidence = Made::new().read("t", None, Read::Whole(&[device("d", "p")])).seal();
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)";
    let limits = Limits { time: Duration::from_millis(200), ..Limits::default() };
    let endless =
        format!("{numbers} SELECT person, max(i) AS subject, 'fail' AS status, 'r' AS reason FROM n, device;");
    let judgement = check::judge(&evidence, &checks("", &endless), limits).unwrap().remove(0);
    assert_eq!((judgement.verdict, judgement.gaps[0].kind), (Verdict::Unknown, GapKind::Failed));

    let many = format!("{numbers} SELECT person, i AS subject, NULL AS status, 'r' AS reason FROM n, device;");
    let judgement =
        check::judge(&evidence, &checks("", &many), Limits { rows: 50, ..Limits::default() }).unwrap().remove(0);
    assert_eq!((judgement.verdict, judgement.gaps[0].kind), (Verdict::Unknown, GapKind::Truncated));
    assert_eq!(judgement.findings.len(), 50);
}

#[test]
fn the_model_check_grades_by_scope_and_repeats_itself_exactly() {
    let grant = |id: &str, scope: Option<&str>| DelegatedGrant {
        id: id.into(),
        client: "cli".into(),
        resource: "gw".into(),
        consent: "Principal".into(),
        principal: Some("p".into()),
        scope: scope.map(Into::into),
    };
    let grants = [
        grant("g1", Some(" mcp.tools.read MCP.tools.secrets")),
        grant("g2", Some("mcp.tools.admin")),
        grant("g3", Some("mcp.tools.write mcp.tools.read")),
        grant("g4", Some("mcp.tools.secrets.list")),
        grant("g5", None),
    ];
    let gateway = Gateway { id: "gw".into(), app_id: "app".into(), ..Gateway::default() };
    let evidence = Made::new()
        .people(&["p"])
        .read("t", None, Read::Whole(&grants))
        .read("t", None, Read::Whole(&[gateway]))
        .read::<leaver::evidence::row::ServicePrincipal>("t", None, Read::Whole(&[]))
        .seal();
    let checks = Checks::load(&[]).unwrap();
    let all = check::judge(&evidence, &checks, Limits::default()).unwrap();
    let judgement = all.iter().find(|judgement| judgement.check.id == "1-consents/gateway-grant").unwrap();
    let severities: Vec<_> = judgement.findings.iter().map(|finding| finding.severity).collect();
    assert_eq!(
        severities,
        [Severity::Critical, Severity::Critical, Severity::High, Severity::Medium, Severity::Medium]
    );
    assert_eq!(judgement.findings[0].subject.raw(), "entra:grant/g1");
    assert_eq!(judgement.findings[2].facts["scope"].raw(), "mcp.tools.write mcp.tools.read");
    assert_eq!((judgement.verdict, judgement.examined), (Verdict::Fail, 6));
    assert!(
        judgement.findings.iter().all(|finding| finding.complete && finding.action.as_deref() == Some("revoke-grant"))
    );
    assert_eq!(check::judge(&evidence, &checks, Limits::default()).unwrap(), all);
}

#[test]
fn evidence_without_its_time_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let evidence = Writer::create(folder.path(), &[]).unwrap().seal(None).unwrap();
    let error = check::judge(&evidence, &checks("", DEVICES), Limits::default()).unwrap_err();
    assert!(matches!(error, Error::NoTime { .. }), "{error}");
}

#[test]
fn evidence_that_lacks_a_table_is_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.db");
    let writer = Writer::create(folder.path(), &[("now", NOW.to_owned())]).unwrap();
    drop(writer.seal(Some(&path)).unwrap());
    rusqlite::Connection::open(&path).unwrap().execute_batch("DROP TABLE device").unwrap();
    let judgement = judge(&Evidence::open(&path).unwrap(), &checks("", DEVICES));
    let kinds: Vec<GapKind> = judgement.gaps.iter().map(|gap| gap.kind).collect();
    assert_eq!((judgement.verdict, kinds), (Verdict::Unknown, vec![GapKind::NotCollected, GapKind::Failed]));
    assert!(judgement.gaps[1].detail.as_ref().unwrap().raw().contains("no such table: device"));
}

#[test]
fn evidence_with_views_of_its_own_cannot_hide_what_a_check_reads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd.db");
    drop(Writer::create(folder.path(), &[("now", NOW.to_owned())]).unwrap().seal(Some(&path)).unwrap());
    let odd =
        "DROP TABLE device; CREATE VIEW device AS SELECT '' AS id, '' AS person, '' AS name, '' AS seen_at WHERE 0";
    rusqlite::Connection::open(&path).unwrap().execute_batch(odd).unwrap();
    let refused = Evidence::open(&path).err().unwrap();
    assert!(refused.to_string().contains("the view device is not as leaver makes it"), "{refused}");
}

/// A private folder of checks.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

fn load(folder: &tempfile::TempDir) -> Result<Checks, Error> {
    Checks::load(&[PathBuf::from(folder.path())])
}

#[test]
fn a_private_check_joins_and_one_of_the_same_id_replaces() {
    let text = format!("{}{DEVICES}", head(""));
    let private = folder(&[
        ("1-consents/gateway-grant.sql", text.as_bytes()),
        ("9-ours/device.sql", text.as_bytes()),
        ("tokens.toml", b"x"),
        ("4-activity/query.kql", b"x"),
    ]);
    let (plain, both) = (Checks::load(&[]).unwrap(), load(&private).unwrap());
    assert_eq!(both.iter().count(), plain.iter().count() + 1);
    let [note] = both.notes() else { panic!("{:?}", both.notes()) };
    assert!(
        note.starts_with("check 1-consents/gateway-grant: ") && note.ends_with("checks/1-consents/gateway-grant.sql")
    );
    assert_ne!(plain.sha256(), both.sha256());
    assert!(both.find("1-consents/gateway-grant").unwrap().folder.is_some());
    // No cases: usable, but `checks test` refuses it and says what is missing.
    let summary = both.test(Some("9-ours/device")).unwrap();
    assert!(summary.to_string().contains("no case expects \"pass\" or \"fail\" or \"unknown\""), "{summary}");
    assert!(summary.failures[0].rerun.contains("leaver checks test --checks '"));
}

#[test]
fn a_hostile_check_is_refused_with_its_place() {
    let columns = "id AS person, id AS subject, 'fail' AS status";
    let select = |sql: &str| format!("{}{sql}", head("")).into_bytes();
    let reason = |reason: &str| select(&format!("SELECT {columns},\n  {reason} AS reason\nFROM person;"));
    let mut latin1 = select("SELECT 1;");
    latin1.push(0xE9);
    let huge = [head("").into_bytes(), vec![b' '; 2 << 20]].concat();
    let rows: Vec<(Vec<u8>, &str, &str)> = vec![
        (select("ATTACH 'x' AS y;"), "7:1", "one SELECT"),
        (select("PRAGMA writable_schema = 1;"), "7:1", "one SELECT"),
        (select("WITH x AS (SELECT 1) DELETE FROM person;"), "7:1", "not allowed"),
        (reason("load_extension('x')"), "7:1", "load_extension()"),
        (reason("hex(randomblob(1000000000))"), "7:1", "randomblob()"),
        (reason("hex(zeroblob(1000000000))"), "7:1", "zeroblob()"),
        (reason("nmae"), "8:3", "no such column: nmae"),
        (reason("\"nmae\""), "8:3", "no such column"),
        (reason("(SELECT value FROM meta)"), "7:1", "reading meta"),
        (reason("(SELECT name FROM sqlite_schema)"), "7:1", "sqlite_"),
        (reason(":limit"), "7:1", ":limit is not in [params]"),
        (reason(":nwo"), "7:1", "did you mean `now`?"),
        (reason("?"), "7:1", "? has no value"),
        (reason("@now"), "7:1", "@now has no value"),
        (select(&format!("SELECT {columns}\nFROM person;")), "7:1", "`reason` is missing"),
        (select("SELECT 1 AS person, 1 AS subject, 'fail' AS status, 1 AS reason;"), "7:1", "no evidence table"),
        (select("SELECT 1; SELECT 2;"), "7:11", "nothing but the cases"),
        (select("SELECT 1; /*"), "7:11", "never ends"),
        (select("SELECT\0 1;"), "7:7", "NUL"),
        (select("SELECT 1\r\n;"), "7:9", "CR LF"),
        ([b"\xEF\xBB\xBF".to_vec(), select("SELECT 1;")].concat(), "1:1", "byte order mark"),
        (latin1, "7:10", "UTF-8"),
        (huge, "1:1", "1 MiB"),
        (format!("{}{DEVICES}", head("[params]\ndays = 1\n")).into_bytes(), "9:1", "never uses :days"),
    ];
    for (content, place, what) in rows {
        let private = folder(&[("1-step/bad.sql", &content)]);
        let error = load(&private).unwrap_err().to_string();
        assert!(
            error.contains(&format!("1-step/bad.sql:{place}: ")) && error.contains(what),
            "{place} {what}: {error}"
        );
    }
}

#[test]
fn a_check_that_would_never_end_still_loads_at_once() {
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
               SELECT id AS person, i AS subject, 'fail' AS status, 'r' AS reason FROM person, n;";
    assert!(Checks::from_texts([("s/c.sql", &*format!("{}{sql}", head("")))]).is_ok());
}

#[test]
fn all_bad_files_are_named_at_once_and_folders_are_not_trusted() {
    let error = load(&folder(&[("a/x.sql", b""), ("a/y.sql", b""), ("z.sql", b"")])).unwrap_err().to_string();
    assert_eq!(error.lines().count(), 3, "{error}");
    let upper = load(&folder(&[("a/X.SQL", format!("{}{DEVICES}", head("")).as_bytes())])).unwrap_err().to_string();
    assert!(upper.contains("rename it"), "{upper}");
    assert!(load(&folder(&[("a/readme.md", b"")])).unwrap_err().to_string().contains("holds no check"));
    assert!(matches!(Checks::load(&[PathBuf::from("/nonexistent")]), Err(Error::File { .. })));
    let deep = load(&folder(&[("a/b/c/d/e/f/x.sql", b"")])).unwrap_err().to_string();
    assert!(deep.contains("too deep"), "{deep}");
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_is_refused() {
    let private = folder(&[("a/x.sql", format!("{}{DEVICES}", head("")).as_bytes())]);
    for (target, link) in [("a/x.sql", "a/y.sql"), ("a", "b")] {
        let at = private.path().join(link);
        std::os::unix::fs::symlink(private.path().join(target), &at).unwrap();
        assert!(load(&private).unwrap_err().to_string().contains("symbolic link"), "{link}");
        fs::remove_file(at).unwrap();
    }
    assert!(load(&private).is_ok());
}

#[test]
fn a_case_that_is_wrong_says_where_and_how_to_run_it_again() {
    let case = |case: &str| {
        let text = format!("{}{DEVICES}\n/*\n[[case]]\nname = \"n\"\n{case}\n*/\n", head(""));
        Checks::from_texts([("s/c.sql", &*text)]).unwrap().test(None).unwrap()
    };
    let device = "device = [{ id = \"d\", person = \"p\" }]\n";
    for (text, place, what) in [
        (format!("{device}expect = \"pass\""), "9:1", "case \"n\": expected pass, got fail (d is fail: has a device)"),
        (format!("{device}expect = {{ d = \"unknown\" }}"), "9:1", "d: expected unknown, got fail"),
        (format!("{device}expect = {{ e = \"pass\" }}"), "9:1", "d: expected nothing, got fail"),
        ("expect = \"pass\"\nincomplete = [\"device\"]".to_owned(), "9:1", "expected pass, got unknown"),
        ("expect = { d = \"pass\" }\nincomplete = [\"device\"]".to_owned(), "9:1", "d: expected pass, got unknown"),
        (
            "expect = \"pass\"\nincomplete = [\"devices\"]".to_owned(),
            "12:15",
            "no evidence table `devices`; did you mean `device`?",
        ),
        (
            "expect = \"pass\"\ndevise = [{ id = \"d\" }]".to_owned(),
            "12:11",
            "no evidence table `devise`; did you mean `device`?",
        ),
        ("expect = \"pass\"\nmeta = [{ key = \"now\" }]".to_owned(), "12:9", "no evidence table `meta`"),
        ("expect = \"pass\"\ndevice = [{ idd = \"d\" }]".to_owned(), "12:13", "no column `idd`; did you mean `id`?"),
        ("expect = \"pass\"\ndevice = [{ enabled = \"d\" }]".to_owned(), "12:11", "this is no row of `device`"),
    ] {
        let summary = case(&text);
        let failure = summary.failures.iter().find(|failure| failure.what.what.contains(what));
        let failure = failure.unwrap_or_else(|| panic!("{what}\n{summary}"));
        assert!(
            failure.what.to_string().starts_with(&format!("checks/s/c.sql:{place}: ")),
            "{place}: {}",
            failure.what
        );
        assert_eq!((failure.check.as_str(), failure.rerun.as_str()), ("s/c", "leaver checks test s/c"));
    }
}

#[test]
fn a_check_can_be_explained_listed_and_found_by_a_near_id() {
    let checks = Checks::load(&[]).unwrap();
    let text = checks.explain("1-consents/gateway-grant").unwrap();
    for part in
        ["MCP gateway", "severity  medium", "revoke-grant", "PS-4", "delegated_grant", "SELECT person.id", "-> unknown"]
    {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(checks.list().contains("1-consents/gateway-grant"));
    let error = checks.explain("1-consent/gateway-grants").unwrap_err().to_string();
    assert!(error.contains("did you mean 1-consents/gateway-grant"), "{error}");
    assert!(checks.test(Some("nothing-like-it")).unwrap_err().to_string().contains("leaver checks list"));
}
