//! Self-hosted runners of an organisation, a repository or an enterprise, and their groups. GitHub says neither who
//! registered a runner nor when: the audit log has to.

use std::collections::BTreeSet;

use super::place::{Place, each, encoded};
use super::{GitHub, Question, wire};
use crate::api::{Paging, ReadApi};
use crate::evidence::row::github::{Runner, RunnerGroup};
use crate::evidence::{Error, Rows};
use crate::model::{Cause, GapKind};
use crate::text::Untrusted;

const NEEDS: &str = "organization_self_hosted_runners=read";

pub(super) async fn collect(place: &Place<'_>, question: &Question<'_>) -> Result<(), Error> {
    runners(place, NEEDS).await?;
    let inherited = groups(place).await?;
    shared(place, question, &inherited).await
}

/// Lists have been seen short for a while, so one that lacks a runner that a scan saw is asked for again.
pub(super) async fn runners(place: &Place<'_>, needs: &str) -> Result<(), Error> {
    let path = place.path("actions/runners?per_page=100");
    let known = scanned(place)?;
    let fill = async |api: &ReadApi, rows: &mut Rows| {
        let mut seen = BTreeSet::new();
        for _ in 0..2 {
            each(api, &path, Paging::Items("runners"), |found: wire::Runner| {
                if seen.insert(found.id.0) {
                    let id = place.id(&format!("runner/{}", found.id.0));
                    rows.insert(&runner(id, place.organization(), place.repository_name(), found))?;
                }
                Ok(())
            })
            .await?;
            if known.iter().all(|number| seen.contains(number)) {
                break;
            }
        }
        Ok(())
    };
    place.github.dataset(&["github_runner"], &place.scope("self-hosted runners", needs), fill).await.map(drop)
}

/// The numbers of the runners that scans saw to be registered here.
fn scanned(place: &Place<'_>) -> Result<Vec<u64>, Error> {
    let sql = "SELECT server, runner_id FROM runner WHERE kind = 'github' AND server IS NOT NULL";
    let here = place.name();
    let is_here = |server: &str| {
        let path = url::Url::parse(server).map(|url| url.path().trim_matches('/').to_owned());
        path.is_ok_and(|path| path.eq_ignore_ascii_case(&here))
    };
    let all = place.github.out.pairs(sql)?.into_iter();
    Ok(all.filter(|(server, _)| is_here(server)).filter_map(|(_, number)| number?.parse().ok()).collect())
}

fn runner(id: Untrusted, organization: Untrusted, repository: Option<Untrusted>, runner: wire::Runner) -> Runner {
    let labels = |labels: Vec<wire::Named>| labels.iter().map(|label| label.name.raw()).collect::<Vec<_>>().join(" ");
    Runner {
        id,
        organization,
        repository,
        runner_id: runner.id.into(),
        name: runner.name,
        os: runner.os,
        status: runner.status,
        busy: runner.busy,
        labels: runner.labels.map(|all| labels(all).into()),
        ephemeral: runner.ephemeral,
        group_id: runner.runner_group_id.map(Untrusted::from),
    }
}

/// The groups, and which of them the enterprise shares with the organisation.
async fn groups(place: &Place<'_>) -> Result<Vec<u64>, Error> {
    const TABLES: [&str; 2] = ["github_runner_group", "github_runner"];
    let path = place.path("actions/runner-groups?per_page=100");
    let mut inherited = Vec::new();
    let fill = async |api: &ReadApi, rows: &mut Rows| {
        each(api, &path, Paging::Items("runner_groups"), |group: wire::RunnerGroup| {
            match group.inherited {
                Some(true) => inherited.push(group.id.0),
                Some(false) => {}
                None => rows.gap(TABLES[1], Cause::new(GapKind::Truncated, "a group came without whose it is")),
            }
            Ok(rows.insert(&RunnerGroup {
                id: place.id(&format!("runner-group/{}", group.id.0)),
                organization: place.organization(),
                group_id: group.id.into(),
                name: group.name,
                visibility: group.visibility,
                public: group.allows_public_repositories,
            })?)
        })
        .await
    };
    place.github.dataset(&TABLES, &place.scope("runner groups", NEEDS), fill).await?;
    Ok(inherited)
}

/// Runners of the enterprise that jobs of the organisation may run on. These are shown to an App too.
async fn shared(place: &Place<'_>, question: &Question<'_>, groups: &[u64]) -> Result<(), Error> {
    for group in groups {
        let path = place.path(&format!("actions/runner-groups/{group}/runners?per_page=100"));
        let scope = place.scope(&format!("runners of the group {group} of the enterprise"), NEEDS);
        let fill = async |api: &ReadApi, rows: &mut Rows| {
            each(api, &path, Paging::Items("runners"), |found: wire::Runner| {
                let id = match question.enterprise {
                    Some(slug) => format!("github:enterprise/{slug}/runner/{}", found.id.0).into(),
                    None => place.id(&format!("runner-group/{group}/runner/{}", found.id.0)),
                };
                Ok(rows.insert(&runner(id, place.organization(), None, found))?)
            })
            .await
        };
        place.github.dataset(&["github_runner"], &scope, fill).await?;
    }
    Ok(())
}

/// All runners of the enterprise. No App may list them; what they may do in an organisation stands in its groups.
pub(super) async fn enterprise(github: &GitHub, question: &Question<'_>) -> Result<(), Error> {
    let (Some(slug), Some(first)) = (question.enterprise, github.organizations.first()) else { return Ok(()) };
    if first.is_app {
        return Ok(());
    }
    let place = Place::of(first);
    let scope = crate::evidence::Scope {
        name: format!("enterprise {slug}: self-hosted runners").into(),
        person: None,
        needs: "the scope manage_runners:enterprise".to_owned(),
    };
    place
        .github
        .dataset(&["github_runner"], &scope, async |api, rows| {
            let path = format!("/enterprises/{}/actions/runners?per_page=100", encoded(slug));
            each(api, &path, Paging::Items("runners"), |found: wire::Runner| {
                let id = format!("github:enterprise/{slug}/runner/{}", found.id.0).into();
                Ok(rows.insert(&runner(id, place.organization(), None, found))?)
            })
            .await
        })
        .await
        .map(drop)
}
