//! Self-hosted runners of an organisation, a repository or an enterprise, and their groups. GitHub says neither who
//! registered a runner nor when: the audit log has to.

use super::place::{List, Place, each, encoded};
use super::{GitHub, Question, wire};
use crate::api::Paging;
use crate::evidence::row::github::{Runner, RunnerGroup};
use crate::evidence::{Error, Rows};
use crate::model::{Cause, GapKind};
use crate::text::Untrusted;

const NEEDS: &str = "organization_self_hosted_runners=read";

pub(super) async fn collect(place: &Place<'_>) -> Result<(), Error> {
    runners(place, NEEDS).await?;
    groups(place).await
}

pub(super) async fn runners(place: &Place<'_>, needs: &str) -> Result<(), Error> {
    let path = "actions/runners?per_page=100";
    let list = List { what: "self-hosted runners", path, paging: Paging::Items("runners"), needs };
    let keep = |rows: &mut Rows, found: wire::Runner| {
        let id = place.id(&format!("runner/{}", found.id.0));
        rows.insert(&runner(id, place.organization(), place.repository_name(), found))
    };
    place.list(&["github_runner"], &list, keep).await.map(drop)
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

async fn groups(place: &Place<'_>) -> Result<(), Error> {
    let path = "actions/runner-groups?per_page=100";
    let list = List { what: "runner groups", path, paging: Paging::Items("runner_groups"), needs: NEEDS };
    let keep = |rows: &mut Rows, group: wire::RunnerGroup| {
        rows.insert(&RunnerGroup {
            id: place.id(&format!("runner-group/{}", group.id.0)),
            organization: place.organization(),
            group_id: group.id.into(),
            name: group.name,
            visibility: group.visibility,
            public: group.allows_public_repositories,
        })
    };
    place.list(&["github_runner_group"], &list, keep).await.map(drop)
}

/// Runners of the enterprise serve its organisations, and no App may list them.
pub(super) async fn enterprise(github: &GitHub, question: &Question<'_>) -> Result<(), Error> {
    let (Some(slug), Some(first)) = (question.enterprise, github.organizations.first()) else { return Ok(()) };
    let place = Place::of(first);
    let scope = crate::evidence::Scope {
        name: format!("enterprise {slug}: self-hosted runners").into(),
        person: None,
        needs: "the scope manage_runners:enterprise".to_owned(),
    };
    place
        .github
        .dataset(&["github_runner"], &scope, async |api, rows| {
            if first.is_app {
                return Err(
                    Cause::new(GapKind::NotExposed, "GitHub lists the runners of an enterprise to no App").into()
                );
            }
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
