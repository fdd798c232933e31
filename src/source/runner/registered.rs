//! Registered runners against scanned ones: each that no scan covers is a gap of its own. What a host itself says, server,
//! number and name, decides which runner it has; what the host is called decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::include::unfit;
use crate::evidence::row::{RegisteredRunner, RunnerRegistration};
use crate::evidence::{self, Rows, Scope, Stop, Writer};
use crate::model::{Cause, GapKind};
use crate::text::Untrusted;

/// What closes the gap of a runner that stays.
const SCAN: &str = "run `leaver scan / --proc` as root on the host of each runner, then audit with --include";
/// What closes the gap of runners that come and go.
const IMAGE: &str = "run `leaver scan DIR --image-of LABEL` on the pod template and the unpacked image that runners with the \
                     label start from, then audit with --include";
/// The kind of an agent of Azure DevOps.
const AGENT: &str = "azure-devops";
/// The kind of a scanned image or template.
pub(super) const TEMPLATE: &str = "template";

/// What there is besides the lists of GitHub.
#[derive(Debug, Clone, Copy)]
pub struct Lists<'a> {
    /// Host of the web pages of GitHub: what settings of its runners name.
    pub github: &'a str,
    /// The organisations of Azure DevOps whose agents are listed.
    pub devops: &'a [String],
}

/// A runner as a scan saw it.
#[derive(Debug, Clone)]
struct Scanned {
    id: String,
    host: String,
    kind: String,
    server: Option<String>,
    runner_id: Option<String>,
    name: Option<String>,
    pool: Option<String>,
    running: Option<bool>,
    ephemeral: Option<bool>,
    scanned_at: Option<Timestamp>,
    saw: [(&'static str, Option<bool>); 4],
}

/// Writes down which runners are registered and which of them were scanned; each other one is a gap.
///
/// # Errors
/// Only what the evidence file itself refuses.
pub async fn reconcile(writer: &Writer, lists: Lists<'_>, now: Timestamp) -> Result<(), evidence::Error> {
    let scanned = scanned(writer)?;
    let registered: Vec<RegisteredRunner> =
        registered(writer, lists.github)?.into_iter().chain(agents(writer)?).collect();
    let mut unread = unread(writer)?;
    let listed: BTreeSet<String> =
        registered.iter().filter_map(|one| Some(one.server.as_ref()?.raw().to_owned())).collect();
    let asked = &asked(writer, lists.github)? | &asked_devops(writer)?;
    unread.extend(unlisted(&scanned, lists.devops));
    let matches: Vec<Option<usize>> = scanned.iter().map(|one| position(one, &registered, lists.github)).collect();
    let states = scanned.iter().zip(&matches).map(|(one, found)| {
        let state = match (found, server(one, lists.github)) {
            (Some(_), _) => "registered",
            (None, _) if one.ephemeral == Some(true) || one.kind == TEMPLATE => "ephemeral",
            (None, _) if one.runner_id.is_none() => "unknown",
            (None, Some(server)) if listed.contains(&server) || asked.contains(&server) => "forgotten",
            (None, _) => "unknown",
        };
        (one, found.map(|index| registered[index].id.clone()), state)
    });
    let fill = async |rows: &mut Rows| {
        registered.iter().try_for_each(|one| rows.insert(one))?;
        for (one, registered, state) in states {
            rows.insert(&RunnerRegistration { runner: one.id.as_str().into(), registered, state: state.to_owned() })?;
        }
        Ok(())
    };
    writer.dataset(&["registered_runner", "runner_registration"], &whole(), fill).await?;
    let unknown = |(scope, cause): &(Untrusted, Cause)| (scope.clone(), Some(cause.clone()));
    for (scope, cause) in unread.iter().map(unknown) {
        let tables: Vec<&'static str> =
            super::TABLES.iter().copied().chain(["registered_runner", "runner_registration"]).collect();
        cover(writer, &tables, scope, cause).await?;
    }
    if unread.is_empty() {
        cover(writer, super::TABLES, whole().name, None).await?;
    }
    for (scope, cause) in verdicts(&registered, &scanned, &matches, now) {
        cover(writer, super::TABLES, scope, cause).await?;
    }
    Ok(())
}

fn whole() -> Scope {
    Scope { name: "registered runners".into(), person: None, needs: String::new() }
}

async fn cover(
    writer: &Writer,
    tables: &[&'static str],
    name: Untrusted,
    cause: Option<Cause>,
) -> Result<(), evidence::Error> {
    let scope = Scope { name, person: None, needs: String::new() };
    let ended = async |_: &mut Rows| cause.map_or(Ok(()), |cause| Err(Stop::Gap(cause)));
    writer.dataset(tables, &scope, ended).await.map(drop)
}

/// Every runner of GitHub's lists, once: a group of an enterprise is shown in several organisations.
fn registered(writer: &Writer, web: &str) -> Result<Vec<RegisteredRunner>, evidence::Error> {
    let sql = "SELECT id, organization, repository, runner_id, name, status, ephemeral, labels FROM github_runner ORDER BY id";
    let all = writer.select(sql, |row| {
        let (id, organization): (String, String) = (row.get(0)?, row.get(1)?);
        let repository: Option<String> = row.get(2)?;
        let text = |value: Option<String>| value.map(Untrusted::from);
        let status: Option<String> = row.get(5)?;
        Ok(RegisteredRunner {
            server: place(&id, &organization, repository.as_deref()).map(|path| format!("{web}/{path}").into()),
            id: id.into(),
            kind: "github".to_owned(),
            runner_id: Untrusted::from(row.get::<_, String>(3)?),
            name: text(row.get(4)?),
            online: status.map(|status| status == "online"),
            ephemeral: row.get(6)?,
            labels: text(row.get(7)?),
        })
    })?;
    let once: BTreeMap<String, RegisteredRunner> = all.into_iter().map(|one| (one.id.raw().to_owned(), one)).collect();
    Ok(once.into_values().collect())
}

/// What follows the host in the address that a runner was registered at, lower case. `None`: an enterprise without name.
fn place(id: &str, organization: &str, repository: Option<&str>) -> Option<String> {
    let path = match (id.strip_prefix("github:enterprise/"), repository) {
        (Some(rest), _) => format!("enterprises/{}", rest.split_once('/')?.0),
        (None, _) if id.contains("/runner-group/") => return None,
        (None, Some(repository)) => format!("{organization}/{repository}"),
        (None, None) => organization.to_owned(),
    };
    Some(path.to_lowercase())
}

/// The servers whose lists were read to their end, be they empty.
fn asked(writer: &Writer, web: &str) -> Result<BTreeSet<String>, evidence::Error> {
    let sql = "SELECT scope, gap FROM coverage WHERE dataset = 'github_runner' AND scope LIKE '%: self-hosted runners'";
    let lists = writer.select(sql, |row| Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?)))?;
    let complete = lists.into_iter().filter(|(_, gap)| gap.is_none());
    let place = |scope: String| {
        let name = scope.strip_suffix(": self-hosted runners")?.to_lowercase();
        Some(format!(
            "{web}/{}",
            name.strip_prefix("enterprise ").map_or(name.clone(), |slug| format!("enterprises/{slug}"))
        ))
    };
    Ok(complete.filter_map(|(scope, _)| place(scope)).collect())
}

/// Lists that could not be read: which runners there are is not known.
fn unread(writer: &Writer) -> Result<Vec<(Untrusted, Cause)>, evidence::Error> {
    let sql = "SELECT DISTINCT scope, gap, needs, detail FROM coverage
               WHERE dataset IN ('github_runner', 'devops_agent') AND gap IS NOT NULL ORDER BY 1";
    let mut gaps = writer.select(sql, |row| {
        let (scope, kind): (String, String) = (row.get(0)?, row.get(1)?);
        let detail = row.get::<_, Option<String>>(3)?.unwrap_or_default();
        let kind = GapKind::parse(&kind).unwrap_or(GapKind::Failed);
        let detail = format!("which runners there are is not known: {detail}");
        Ok((Untrusted::from(scope), Cause { kind, needs: row.get(2)?, detail: Some(detail.into()) }))
    })?;
    let rows =
        writer.select("SELECT count(*) FROM coverage WHERE dataset = 'github_runner'", |row| row.get::<_, i64>(0))?;
    if rows.iter().all(|count| *count == 0) {
        gaps.push((whole().name, Cause::new(GapKind::NotCollected, "no list of registered runners was read")));
    }
    Ok(gaps)
}

/// Every agent of the pools that are not hosted. Those of a scale set come and go with its image, which the pool names.
fn agents(writer: &Writer) -> Result<Vec<RegisteredRunner>, evidence::Error> {
    let sql = "SELECT agent.id, agent.organization, agent.agent_id, agent.name, agent.online, agent.elastic,
                      iif(pool.kind = 'deployment', NULL, agent.pool)
               FROM devops_agent AS agent
               LEFT JOIN devops_pool AS pool ON pool.organization = agent.organization AND pool.pool_id = agent.pool_id
               ORDER BY agent.id";
    writer.select(sql, |row| {
        let text = |value: Option<String>| value.map(Untrusted::from);
        Ok(RegisteredRunner {
            id: Untrusted::from(row.get::<_, String>(0)?),
            kind: AGENT.to_owned(),
            server: Some(devops_server(&row.get::<_, String>(1)?).into()),
            runner_id: Untrusted::from(row.get::<_, String>(2)?),
            name: text(row.get(3)?),
            online: row.get(4)?,
            ephemeral: row.get(5)?,
            labels: text(row.get(6)?),
        })
    })
}

fn devops_server(organization: &str) -> String {
    format!("dev.azure.com/{}", organization.to_lowercase())
}

/// The organisations of Azure DevOps whose pools and agents were read to their end.
fn asked_devops(writer: &Writer) -> Result<BTreeSet<String>, evidence::Error> {
    let sql = "SELECT organization.name FROM devops_organization AS organization
               WHERE NOT EXISTS (SELECT 1 FROM coverage WHERE coverage.dataset = 'devops_agent' AND coverage.gap IS NOT NULL
                                 AND coverage.scope LIKE organization.name || ': %')
               AND   EXISTS (SELECT 1 FROM coverage WHERE coverage.dataset = 'devops_agent'
                             AND coverage.scope = organization.name || ': agent pools')";
    Ok(writer.select(sql, |row| row.get::<_, String>(0))?.iter().map(|name| devops_server(name)).collect())
}

/// Agents of scanned hosts that serve an organisation whose agents nobody lists.
fn unlisted(scanned: &[Scanned], configured: &[String]) -> Vec<(Untrusted, Cause)> {
    let listed: BTreeSet<String> = configured.iter().map(|name| devops_server(name)).collect();
    let of_scan = scanned.iter().filter(|one| one.kind == AGENT).filter_map(|one| normal(one.server.as_deref()?));
    let servers: BTreeSet<String> = of_scan.filter(|server| !listed.contains(server)).collect();
    let what = "the agents of its pools are not listed, so it is not known which of them were not scanned";
    let cause = || Cause::new(GapKind::NotCollected, what).needing("[azure-devops] organizations");
    servers.into_iter().map(|server| (server.into(), cause())).collect()
}

fn scanned(writer: &Writer) -> Result<Vec<Scanned>, evidence::Error> {
    let sql = "SELECT id, host, kind, server, runner_id, name, running, ephemeral, scanned_at, saw_root, saw_work, saw_home, saw_environment,
                      pool
               FROM runner ORDER BY id";
    writer.select(sql, |row| {
        Ok(Scanned {
            id: row.get(0)?,
            host: row.get(1)?,
            kind: row.get(2)?,
            server: row.get(3)?,
            runner_id: row.get(4)?,
            name: row.get(5)?,
            pool: row.get(13)?,
            running: row.get(6)?,
            ephemeral: row.get(7)?,
            scanned_at: row.get::<_, Option<String>>(8)?.and_then(|at| at.parse().ok()),
            saw: [
                ("its own folder", row.get(9)?),
                ("its work folder", row.get(10)?),
                ("the home of its account", row.get(11)?),
                ("its environment", row.get(12)?),
            ],
        })
    })
}

/// Host and path of an address, lower case, as they are compared.
fn normal(server: &str) -> Option<String> {
    let url = url::Url::parse(server).ok()?;
    let host = url.host_str()?.to_lowercase();
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    let path = url.path().trim_matches('/').to_lowercase();
    Some(match host.strip_suffix(".visualstudio.com") {
        Some(organization) => format!("dev.azure.com/{organization}"),
        None if host == "dev.azure.com" => format!("{host}/{}", path.split('/').next().unwrap_or_default()),
        None => format!("{host}{port}/{path}"),
    })
}

/// The server that a scanned runner names. A runner that is made just in time knows only the service behind it.
fn server(scanned: &Scanned, web: &str) -> Option<String> {
    let server = normal(scanned.server.as_deref()?)?;
    match scanned.kind.as_str() {
        "github" => {
            server.starts_with(&format!("{web}/")).then_some(server).filter(|server| !server.contains("/_services/"))
        }
        _ => Some(server),
    }
}

/// Whether a scanned runner names another server than these lists are of.
fn is_elsewhere(scanned: &Scanned, web: &str) -> bool {
    let told = scanned.server.as_deref().and_then(normal).unwrap_or_default();
    let behind = told.is_empty() || told.contains(".actions.githubusercontent.com/") || told.contains("/_services/");
    server(scanned, web).is_none() && !behind
}

/// The registered runner that a scanned one is.
fn position(scanned: &Scanned, registered: &[RegisteredRunner], web: &str) -> Option<usize> {
    let number = scanned.runner_id.as_deref()?;
    if is_elsewhere(scanned, web) {
        return None;
    }
    let own = server(scanned, web);
    let alike = |one: &RegisteredRunner| {
        let named = one.name.as_ref().zip(scanned.name.as_ref()).map(|(one, own)| one.raw().eq_ignore_ascii_case(own));
        let served = one.server.as_ref().zip(own.as_ref()).map(|(one, own)| one.raw().eq_ignore_ascii_case(own));
        let fits = match (served, named) {
            (Some(false), _) | (_, Some(false)) => false,
            (Some(true), _) => true,
            // Numbers are counted by server: without it the name has to be the same as well.
            (None, named) => named == Some(true),
        };
        fits && one.kind == scanned.kind && one.runner_id.raw() == number && in_pool(one, scanned)
    };
    let mut fitting = registered.iter().enumerate().filter(|(_, one)| alike(one)).map(|(index, _)| index);
    let first = fitting.next()?;
    fitting.next().is_none().then_some(first)
}

/// Agents are counted by pool as well: of two with one number the pool tells which is meant.
fn in_pool(one: &RegisteredRunner, scanned: &Scanned) -> bool {
    let pools = one.labels.as_ref().zip(scanned.pool.as_ref()).filter(|_| one.kind == AGENT);
    pools.is_none_or(|(own, scanned)| own.raw().eq_ignore_ascii_case(scanned))
}

/// For each registered runner, or each label under which runners come and go: covered, or why not.
fn verdicts(
    registered: &[RegisteredRunner],
    scanned: &[Scanned],
    matches: &[Option<usize>],
    now: Timestamp,
) -> Vec<(Untrusted, Option<Cause>)> {
    let (mut all, mut passing): (Vec<_>, BTreeMap<String, Vec<&RegisteredRunner>>) = (Vec::new(), BTreeMap::new());
    for (index, one) in registered.iter().enumerate() {
        if one.ephemeral == Some(true) {
            passing.entry(template(one)).or_default().push(one);
            continue;
        }
        let own = scanned.iter().zip(matches).filter(|(_, found)| **found == Some(index)).map(|(scan, _)| scan);
        all.push((one.id.clone(), missing(one, own, scanned, now)));
    }
    for (scope, runners) in passing {
        let cause = images(&runners, scanned, now);
        all.push((scope.into(), cause));
    }
    all
}

fn missing<'s>(
    one: &RegisteredRunner,
    own: impl Iterator<Item = &'s Scanned>,
    all: &[Scanned],
    now: Timestamp,
) -> Option<Cause> {
    let name = one.name.as_ref().unwrap_or(&one.runner_id).raw();
    let mut whys: Vec<String> = Vec::new();
    for scan in own {
        match lacks(one, scan, now) {
            None => return None,
            Some(why) => whys.push(why),
        }
    }
    let of_name = |scan: &&Scanned| {
        scan.kind == one.kind && scan.name.as_deref().is_some_and(|other| other.eq_ignore_ascii_case(name))
    };
    let why = whys.pop().unwrap_or_else(|| match all.iter().find(of_name) {
        Some(other) => format!(
            "no scan of its host is included; {} has a runner of this name that is another one, with the number {}",
            other.host,
            other.runner_id.as_deref().unwrap_or("unknown")
        ),
        None => "no scan of its host is included".to_owned(),
    });
    Some(Cause::new(GapKind::NotCollected, format!("the runner {name}: {why}")).needing(SCAN))
}

fn lacks(one: &RegisteredRunner, scan: &Scanned, now: Timestamp) -> Option<String> {
    let Some(scanned_at) = scan.scanned_at else { return Some("its scan is of an older version of leaver".to_owned()) };
    if let Some(why) = unfit(scanned_at, now) {
        return Some(why);
    }
    let unseen: Vec<&str> = scan.saw.iter().filter(|(_, saw)| *saw != Some(true)).map(|(what, _)| *what).collect();
    if !unseen.is_empty() {
        return Some(format!("its scan did not look at {}", unseen.join(", ")));
    }
    // Whoever takes jobs has an environment.
    (one.online == Some(true) && scan.running == Some(false))
        .then(|| "it is online, and its scan saw no process of it, so its environment was not looked at".to_owned())
}

/// What runners that come and go have in common: where they are registered, and their labels.
fn template(one: &RegisteredRunner) -> String {
    let place = one.id.raw().rsplit_once("/runner/").map_or(one.id.raw(), |(place, _)| place);
    let labels: BTreeSet<&str> = labels(one).collect();
    format!("{place}/ephemeral-runners/{}", labels.into_iter().collect::<Vec<_>>().join(","))
}

fn labels(one: &RegisteredRunner) -> impl Iterator<Item = &str> {
    one.labels.as_ref().map_or("", Untrusted::raw).split_whitespace()
}

/// The labels that runners have by themselves say nothing of what they are made of.
fn is_made_of(one: &RegisteredRunner, label: &str) -> bool {
    const BY_ITSELF: [&str; 7] = ["self-hosted", "linux", "windows", "macos", "x64", "arm64", "arm"];
    let own = |other: &str| other.eq_ignore_ascii_case(label) && !BY_ITSELF.contains(&other.to_lowercase().as_str());
    labels(one).any(own) || template(one).rsplit_once('/').is_some_and(|(_, all)| all == label)
}

fn images(runners: &[&RegisteredRunner], scanned: &[Scanned], now: Timestamp) -> Option<Cause> {
    let mut whys = BTreeSet::new();
    for scan in scanned.iter().filter(|scan| scan.kind == TEMPLATE) {
        let of_all = runners.iter().all(|one| is_made_of(one, scan.name.as_deref().unwrap_or_default()));
        match scan.scanned_at.map(|at| unfit(at, now)) {
            Some(None) if of_all => return None,
            Some(Some(why)) if of_all => drop(whys.insert(why)),
            _ => {}
        }
    }
    let names: Vec<&str> =
        runners.iter().take(5).map(|one| one.name.as_ref().unwrap_or(&one.runner_id).raw()).collect();
    let more = runners.len().saturating_sub(names.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let why = whys.pop_first().unwrap_or_else(|| "what they are made of was not scanned".to_owned());
    Some(
        Cause::new(GapKind::NotCollected, format!("the ephemeral runners {}{more}: {why}", names.join(", ")))
            .needing(IMAGE),
    )
}
