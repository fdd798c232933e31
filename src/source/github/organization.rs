//! Who belongs to the organisation and by what, and what belongs to the organisation as a whole.

use super::place::{List, Place, each, encoded, one, refused};
use super::{Depth, Organization, Question, runner, skipped, wire};
use crate::api::{Paging, ReadApi};
use crate::evidence::row::github::{
    AppInstallation, Invitation, Membership, OidcTemplate, Organization as Row, OutsideCollaborator, Role, TeamAccess,
    TeamMembership,
};
use crate::evidence::{Error, Rows, Stop};
use crate::model::{Cause, GapKind};
use crate::text::Untrusted;

const MEMBERS: &str = "members=read";
pub(super) const ADMINISTRATION: &str = "organization_administration=read";

pub(super) async fn collect(place: &Place<'_>, known: &Organization, question: &Question<'_>) -> Result<(), Error> {
    itself(place, known, question).await?;
    match question.depth {
        Depth::Full => members(place, question).await?,
        Depth::Quick => own_memberships(place, question).await?,
    }
    outsiders(place).await?;
    invitations(place, "pending invitations", "invitations?per_page=100", "pending").await?;
    invitations(place, "failed invitations", "failed_invitations?per_page=100", "failed").await?;
    match question.depth {
        Depth::Full => teams(place, question).await?,
        Depth::Quick => place.left_out(&["github_team_membership", "github_team_access"], "teams", skipped()).await?,
    }
    roles(place).await?;
    apps(place, question.depth).await?;
    runner::collect(place, question).await?;
    super::repository::hooks(place, "organization_hooks=read").await?;
    super::repository::rulesets(place, "organization_administration=write").await?;
    oidc(place, ADMINISTRATION).await
}

async fn itself(place: &Place<'_>, known: &Organization, question: &Question<'_>) -> Result<(), Error> {
    place
        .github
        .dataset(&["github_organization"], &place.scope("the organisation", MEMBERS), async |_, rows| {
            rows.insert(&Row {
                id: known.id.into(),
                name: place.organization(),
                enterprise: question.enterprise.map(Untrusted::from),
                plan: known.plan.clone(),
                saml: known.saml,
                member_role: known.member_role.clone(),
            })?;
            Ok(())
        })
        .await
        .map(drop)
}

/// The list does not tell roles, so there is one list for each.
async fn members(place: &Place<'_>, question: &Question<'_>) -> Result<(), Error> {
    for role in ["admin", "member"] {
        let what = format!("members with the role {role}");
        place
            .github
            .dataset(&["github_membership"], &place.scope(&what, MEMBERS), async |api, rows| {
                let (mut found, path) = (Vec::new(), format!("members?role={role}&per_page=100"));
                let ended = each(api, &place.path(&path), Paging::Array, |account: wire::Account| {
                    match question.owner(&account) {
                        Some(_) => found.push(account),
                        None => rows.insert(&membership(place, account, role))?,
                    }
                    Ok(())
                })
                .await;
                for account in found {
                    let login = account.login.as_ref().map_or("", Untrusted::raw).to_owned();
                    let row = membership(place, account, role);
                    let told =
                        one::<wire::Membership>(api, &place.path(&format!("memberships/{}", encoded(&login)))).await;
                    rows.insert(&match told {
                        Ok(told) => Membership {
                            role: told.role.or(row.role),
                            state: told.state.or(row.state),
                            direct: told.direct_membership,
                            ..row
                        },
                        Err(_) => row,
                    })?;
                }
                ended
            })
            .await?;
    }
    Ok(())
}

/// Only those of the people: who else is a member is not asked.
async fn own_memberships(place: &Place<'_>, question: &Question<'_>) -> Result<(), Error> {
    const TABLE: &str = "github_membership";
    place
        .github
        .dataset(&[TABLE], &place.scope("memberships of the people", MEMBERS), async |api, rows| {
            rows.gap(TABLE, skipped());
            for known in &question.accounts {
                let Some(login) = &known.login else { continue };
                match one::<wire::Membership>(api, &place.path(&format!("memberships/{}", encoded(login)))).await {
                    Ok(told) => rows.insert(&Membership {
                        organization: place.organization(),
                        login: Some(login.as_str().into()),
                        user_id: known.number.map(|number| wire::Number(number).into()),
                        role: told.role,
                        state: told.state,
                        direct: told.direct_membership,
                    })?,
                    Err(error) => rows.gap(TABLE, super::place::cause(&error)),
                }
            }
            Ok(())
        })
        .await
        .map(drop)
}

fn membership(place: &Place<'_>, account: wire::Account, role: &str) -> Membership {
    Membership {
        organization: place.organization(),
        user_id: account.number(),
        login: account.login,
        role: Some(role.into()),
        state: Some("active".into()),
        direct: None,
    }
}

async fn outsiders(place: &Place<'_>) -> Result<(), Error> {
    let list = List {
        what: "outside collaborators",
        path: "outside_collaborators?per_page=100",
        paging: Paging::Array,
        needs: MEMBERS,
    };
    let keep = |rows: &mut Rows, account: wire::Account| {
        let (organization, user_id) = (place.organization(), account.number());
        rows.insert(&OutsideCollaborator { organization, user_id, login: account.login })
    };
    place.list(&["github_outside_collaborator"], &list, keep).await.map(drop)
}

async fn invitations(place: &Place<'_>, what: &str, path: &str, state: &str) -> Result<(), Error> {
    let list = List { what, path, paging: Paging::Array, needs: MEMBERS };
    let keep = |rows: &mut Rows, invitation: wire::Invitation| rows.insert(&self::invitation(place, invitation, state));
    place.list(&["github_invitation"], &list, keep).await.map(drop)
}

pub(super) fn invitation(place: &Place<'_>, invitation: wire::Invitation, state: &str) -> Invitation {
    let invitee = invitation.invitee.unwrap_or_default();
    let state = if invitation.expired == Some(true) { "expired" } else { state };
    Invitation {
        id: place.id(&format!("invitation/{}", invitation.id.0)),
        organization: place.organization(),
        repository: place.repository_name(),
        user_id: invitee.number(),
        login: invitation.login.or(invitee.login),
        mail: invitation.email,
        inviter_id: invitation.inviter.as_ref().and_then(wire::Account::number),
        inviter: invitation.inviter.and_then(|inviter| inviter.login),
        role: invitation.role.or(invitation.permissions),
        created_at: invitation.created_at,
        state: state.to_owned(),
    }
}

async fn teams(place: &Place<'_>, question: &Question<'_>) -> Result<(), Error> {
    place
        .github
        .dataset(
            &["github_team_membership", "github_team_access"],
            &place.scope("teams", MEMBERS),
            async |api, rows| {
                let mut teams = Vec::new();
                let ended = each(api, &place.path("teams?per_page=100"), Paging::Array, |team: wire::Team| {
                    teams.push(team);
                    Ok(())
                })
                .await;
                for team in teams {
                    let slug = team.slug.raw();
                    let path = place.path(&format!("teams/{}/members?role=all&per_page=100", encoded(slug)));
                    let mut ours = false;
                    let read = each(api, &path, Paging::Array, |member: wire::TeamMember| {
                        ours |= question.owner(&member.account).is_some();
                        Ok(rows.insert(&team_membership(place, &team, member))?)
                    })
                    .await;
                    note(rows, "github_team_membership", &format!("team {slug}"), read)?;
                    if ours {
                        let read = repositories(api, rows, place, slug).await;
                        note(rows, "github_team_access", &format!("team {slug}"), read)?;
                    }
                }
                ended
            },
        )
        .await
        .map(drop)
}

/// What a team with one of the people in it has access to.
async fn repositories(api: &ReadApi, rows: &mut Rows, place: &Place<'_>, team: &str) -> Result<(), Stop> {
    let path = place.path(&format!("teams/{}/repos?per_page=100", encoded(team)));
    each(api, &path, Paging::Array, |found: wire::TeamRepository| {
        let (organization, team) = (place.organization(), Untrusted::from(team));
        Ok(rows.insert(&TeamAccess { organization, team, repository: found.name, role: found.role_name })?)
    })
    .await
}

fn team_membership(place: &Place<'_>, team: &wire::Team, member: wire::TeamMember) -> TeamMembership {
    TeamMembership {
        organization: place.organization(),
        team: team.slug.clone(),
        team_id: team.id.map(Untrusted::from),
        team_name: team.name.clone(),
        user_id: member.account.number(),
        login: member.account.login,
        role: member.role,
        inherited: member.inherited,
    }
}

async fn roles(place: &Place<'_>) -> Result<(), Error> {
    let scope = place.scope("organisation roles", "organization_custom_org_roles=read");
    place
        .github
        .dataset(&["github_role"], &scope, async |api, rows| {
            let mut roles = Vec::new();
            let list = place.path("organization-roles");
            let ended = each(api, &list, Paging::Items("roles"), |role: wire::Role| {
                roles.push(role);
                Ok(())
            })
            .await;
            for role in roles {
                let path = place.path(&format!("organization-roles/{}/users?per_page=100", role.id.0));
                let read = each(api, &path, Paging::Array, |holder: wire::RoleHolder| {
                    Ok(rows.insert(&Role {
                        organization: place.organization(),
                        role_id: role.id.into(),
                        role: role.name.clone(),
                        user_id: holder.account.number(),
                        login: holder.account.login,
                        assignment: holder.assignment,
                    })?)
                })
                .await
                .map_err(needing_members);
                note(rows, "github_role", &format!("role {}", role.id.0), read)?;
            }
            ended
        })
        .await
        .map(drop)
}

/// The roles take one permission, and who holds them another.
fn needing_members(stop: Stop) -> Stop {
    match stop {
        Stop::Gap(cause) if cause.kind == GapKind::Denied && cause.needs.is_none() => cause.needing(MEMBERS).into(),
        stop => stop,
    }
}

/// One part of several that could not be read does not end the others.
pub(super) fn note(rows: &mut Rows, table: &'static str, what: &str, read: Result<(), Stop>) -> Result<(), Stop> {
    match read {
        Err(Stop::Gap(cause)) => {
            let detail = cause.detail.as_ref().map_or("", Untrusted::raw);
            rows.gap(table, Cause { detail: Some(format!("{what}: {detail}").into()), ..cause });
            Ok(())
        }
        other => other,
    }
}

/// GitHub does not list whose an app is; its public page says so.
async fn apps(place: &Place<'_>, depth: Depth) -> Result<(), Error> {
    place
        .github
        .dataset(&["github_app_installation"], &place.scope("apps", ADMINISTRATION), async |api, rows| {
            let (mut found, list) = (Vec::new(), place.path("installations?per_page=100"));
            let ended = each(api, &list, Paging::Items("installations"), |one: wire::Installation| {
                found.push(one);
                Ok(())
            })
            .await;
            for installation in found {
                let slug = installation.app_slug.as_ref().filter(|_| depth == Depth::Full);
                let slug = slug.map(|slug| format!("/apps/{}", encoded(slug.raw())));
                let owner = match slug {
                    Some(path) => owner(api, rows, &path).await,
                    None => None,
                };
                rows.insert(&app(place, installation, owner.unwrap_or_default()))?;
            }
            if depth == Depth::Quick {
                rows.gap("github_app_installation", skipped());
            }
            ended
        })
        .await
        .map(drop)
}

/// Whose an app is. A private one has no page; it can only be installed where its owner is.
///
/// <https://docs.github.com/apps/creating-github-apps/registering-a-github-app/making-a-github-app-public-or-private>
async fn owner(api: &ReadApi, rows: &mut Rows, path: &str) -> Option<wire::Account> {
    match one::<wire::App>(api, path).await {
        Ok(app) => {
            if app.owner.as_ref().is_none_or(|owner| owner.id.is_none() || owner.login.is_none()) {
                let what = "an app came without its owner";
                rows.gap("github_app_installation", Cause::new(GapKind::Truncated, what));
            }
            app.owner
        }
        Err(error) if error.is_not_found() => None,
        Err(error) => {
            rows.gap("github_app_installation", super::place::cause(&error));
            None
        }
    }
}

fn app(place: &Place<'_>, installation: wire::Installation, owner: wire::Account) -> AppInstallation {
    AppInstallation {
        id: place.id(&format!("installation/{}", installation.id.0)),
        organization: place.organization(),
        installation_id: installation.id.into(),
        app_id: installation.app_id.map(Untrusted::from),
        app: installation.app_slug,
        owner_id: owner.number(),
        owner: owner.login,
        owner_kind: owner.kind,
        repositories: installation.repository_selection,
        permissions: installation.permissions.as_ref().map(super::permissions),
        created_at: installation.created_at,
        updated_at: installation.updated_at,
        suspended_at: installation.suspended_at,
    }
}

/// How subjects of identity tokens are worded here.
pub(super) async fn oidc(place: &Place<'_>, needs: &str) -> Result<(), Error> {
    place
        .github
        .dataset(&["github_oidc_template"], &place.scope("OIDC subjects", needs), async |api, rows| {
            let path = place.path("actions/oidc/customization/sub");
            let told: wire::OidcTemplate = one(api, &path).await.map_err(|error| refused(&error))?;
            let claims = |keys: Vec<Untrusted>| keys.iter().map(Untrusted::raw).collect::<Vec<_>>().join(" ");
            if told.include_claim_keys == Some(None) && told.use_default != Some(true) {
                let what = "the claims of a subject came as null";
                rows.gap("github_oidc_template", Cause::new(GapKind::Truncated, what));
            }
            rows.insert(&OidcTemplate {
                organization: place.organization(),
                repository: place.repository_name(),
                use_default: told.use_default,
                claims: told.include_claim_keys.flatten().map(|keys| claims(keys).into()),
                immutable: told.use_immutable_subject,
                prefix: told.sub_claim_prefix,
            })?;
            Ok(())
        })
        .await
        .map(drop)
}

/// A refusal of something that a smaller plan does not have at all.
pub(super) fn unlicensed(known: &Organization, read: Result<(), Stop>, needs: &str) -> Result<(), Stop> {
    match read {
        Err(Stop::Gap(cause)) if known.is_small() && cause.kind == GapKind::Denied => {
            Err(Stop::Gap(Cause { kind: GapKind::Unlicensed, needs: Some(needs.to_owned()), ..cause }))
        }
        other => other,
    }
}
