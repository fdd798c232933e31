//! One struct per table of `github.sql`, in its order. Nothing else.

use jiff::Timestamp;
use rusqlite::Statement;

use super::Is::{Present, Text};
use super::Need::{Any, One, When};
use super::{Column, Need, Row, Table, key};
use crate::text::Untrusted;

rows! {
    /// A GitHub organisation.
    Organization in github_organization needs [One("id"), One("name"), One("member_role")] {
        id: Untrusted, name: Untrusted, enterprise: Option<Untrusted>, plan: Option<Untrusted>, saml: Option<bool>,
        member_role: Option<Untrusted>,
    }
    /// An account of GitHub by the name that something gives it.
    Account in github_account needs [One("asked"), When { of: "state", is: Text("present"), needs: "user_id" }, When { of: "state", is: Text("present"), needs: "created_at" }] {
        asked: Untrusted, state: Option<Untrusted>, login: Option<Untrusted>, user_id: Option<Untrusted>,
        kind: Option<Untrusted>, created_at: Option<Timestamp>,
    }
    /// A repository.
    Repository in github_repository needs [One("id"), One("repository"), One("owner_id")] {
        id: Untrusted, organization: Untrusted, repository: Untrusted, owner_id: Option<Untrusted>,
        visibility: Option<Untrusted>, archived: Option<bool>, default_branch: Option<Untrusted>,
        created_at: Option<Timestamp>, pushed_at: Option<Timestamp>,
    }
    /// A repository that a federated credential names.
    TrustedRepository in github_trusted_repository needs [One("asked_owner"), One("asked_name"), When { of: "state", is: Text("present"), needs: "repository_id" }] {
        asked_owner: Untrusted, asked_name: Untrusted, state: Option<Untrusted>, owner: Option<Untrusted>,
        owner_id: Option<Untrusted>, repository: Option<Untrusted>, repository_id: Option<Untrusted>,
    }
    /// A member of an organisation.
    Membership in github_membership needs [One("login"), One("user_id")] {
        organization: Untrusted, login: Option<Untrusted>, user_id: Option<Untrusted>, role: Option<Untrusted>,
        state: Option<Untrusted>, direct: Option<bool>,
    }
    /// Somebody who has access without being a member.
    OutsideCollaborator in github_outside_collaborator needs [One("login"), One("user_id")] {
        organization: Untrusted, login: Option<Untrusted>, user_id: Option<Untrusted>,
    }
    /// A member of a team.
    TeamMembership in github_team_membership needs [One("team"), One("login"), One("user_id")] {
        organization: Untrusted, team: Untrusted, team_id: Option<Untrusted>, team_name: Option<Untrusted>,
        login: Option<Untrusted>, user_id: Option<Untrusted>, role: Option<Untrusted>, inherited: Option<bool>,
    }
    /// A repository of a team.
    TeamAccess in github_team_access needs [One("team"), One("repository")] {
        organization: Untrusted, team: Untrusted, repository: Untrusted, role: Option<Untrusted>,
    }
    /// An organisation role that somebody holds.
    Role in github_role needs [One("role_id"), One("login"), One("user_id")] {
        organization: Untrusted, role_id: Untrusted, role: Option<Untrusted>, login: Option<Untrusted>,
        user_id: Option<Untrusted>, assignment: Option<Untrusted>,
    }
    /// Access of one account to one repository.
    Access in github_access needs [One("repository"), One("login"), One("user_id")] {
        organization: Untrusted, repository: Untrusted, login: Option<Untrusted>, user_id: Option<Untrusted>,
        role: Option<Untrusted>,
    }
    /// An invitation.
    Invitation in github_invitation needs [One("id"), Any(&["login", "user_id", "mail"])] {
        id: Untrusted, organization: Untrusted, repository: Option<Untrusted>, login: Option<Untrusted>,
        user_id: Option<Untrusted>, mail: Option<Untrusted>, inviter: Option<Untrusted>,
        inviter_id: Option<Untrusted>, role: Option<Untrusted>, created_at: Option<Timestamp>, state: String,
    }
    /// A fine-grained personal access token, let in or asking to be.
    TokenGrant in github_token_grant needs [One("id"), One("login"), One("user_id")] {
        id: Untrusted, organization: Untrusted, state: String, token_id: Option<Untrusted>, name: Option<Untrusted>,
        login: Option<Untrusted>, user_id: Option<Untrusted>, repositories: Option<Untrusted>,
        permissions: Option<Untrusted>, created_at: Option<Timestamp>, expires_at: Option<Timestamp>,
        expired: Option<bool>, last_used_at: Option<Timestamp>,
    }
    /// A credential that single sign-on lets in.
    SsoAuthorization in github_sso_authorization needs [One("id"), One("kind"), Any(&["login", "user_id"])] {
        id: Untrusted, organization: Untrusted, login: Option<Untrusted>, user_id: Option<Untrusted>, kind: Untrusted,
        name: Option<Untrusted>, scopes: Option<Untrusted>, fingerprint: Option<Untrusted>,
        authorized_at: Option<Timestamp>, accessed_at: Option<Timestamp>, expires_at: Option<Timestamp>,
    }
    /// A secret, by name.
    Secret in github_secret needs [One("id"), One("name")] {
        id: Untrusted, organization: Untrusted, repository: Option<Untrusted>, environment: Option<Untrusted>,
        product: String, name: Untrusted, visibility: Option<Untrusted>, repositories: Option<Untrusted>,
        created_at: Option<Timestamp>, updated_at: Option<Timestamp>,
    }
    /// A variable, by name.
    Variable in github_variable needs [One("id"), One("name")] {
        id: Untrusted, organization: Untrusted, repository: Option<Untrusted>, environment: Option<Untrusted>,
        product: String, name: Untrusted, visibility: Option<Untrusted>, repositories: Option<Untrusted>,
        created_at: Option<Timestamp>, updated_at: Option<Timestamp>,
    }
    /// A credential that stands in clear.
    Literal in github_literal needs [One("id"), One("fingerprint")] {
        id: Untrusted, organization: Untrusted, repository: Option<Untrusted>, place: String, path: Option<Untrusted>,
        line: Option<i64>, position: Option<i64>, kind: String, holder: String, name: Option<Untrusted>,
        shown: Option<Untrusted>, fingerprint: String, verified: Option<bool>, confidence: String,
        owner_kind: Option<String>, owner_id: Option<Untrusted>, owner_name: Option<Untrusted>,
        owner_source: Option<String>, grade: Option<String>, expires_at: Option<Timestamp>,
    }
    /// A deploy key.
    DeployKey in github_deploy_key needs [One("id"), One("repository")] {
        id: Untrusted, organization: Untrusted, repository: Untrusted, title: Option<Untrusted>,
        fingerprint: Option<Untrusted>, added_by: Option<Untrusted>, read_only: Option<bool>, enabled: Option<bool>,
        created_at: Option<Timestamp>, last_used_at: Option<Timestamp>,
    }
    /// A webhook.
    Hook in github_hook needs [One("id"), One("hook_id")] {
        id: Untrusted, organization: Untrusted, repository: Option<Untrusted>, hook_id: Untrusted,
        target: Option<Untrusted>, events: Option<Untrusted>, active: Option<bool>, signed: Option<bool>,
        verified: Option<bool>, created_at: Option<Timestamp>, updated_at: Option<Timestamp>,
    }
    /// An installed app.
    AppInstallation in github_app_installation needs [One("id"), One("installation_id"), One("app")] {
        id: Untrusted, organization: Untrusted, installation_id: Untrusted, app_id: Option<Untrusted>,
        app: Option<Untrusted>, owner: Option<Untrusted>, owner_id: Option<Untrusted>, owner_kind: Option<Untrusted>,
        repositories: Option<Untrusted>, permissions: Option<Untrusted>, created_at: Option<Timestamp>,
        updated_at: Option<Timestamp>, suspended_at: Option<Timestamp>,
    }
    /// A self-hosted runner, as GitHub lists it.
    Runner in github_runner needs [One("id"), One("runner_id")] {
        id: Untrusted, organization: Untrusted, repository: Option<Untrusted>, runner_id: Untrusted,
        name: Option<Untrusted>, os: Option<Untrusted>, status: Option<Untrusted>, busy: Option<bool>,
        labels: Option<Untrusted>, ephemeral: Option<bool>, group_id: Option<Untrusted>,
    }
    /// A group of runners.
    RunnerGroup in github_runner_group needs [One("group_id"), One("public")] {
        id: Untrusted, organization: Untrusted, group_id: Untrusted, name: Option<Untrusted>,
        visibility: Option<Untrusted>, public: Option<bool>,
    }
    /// A workflow file.
    Workflow in github_workflow needs [One("id"), One("path")] {
        id: Untrusted, organization: Untrusted, repository: Untrusted, workflow_id: Option<Untrusted>,
        path: Untrusted, name: Option<Untrusted>, state: Option<Untrusted>, scheduled: Option<bool>,
        schedule: Option<Untrusted>, runs_on: Option<Untrusted>, self_hosted: Option<bool>, id_token: Option<bool>,
        secrets: Option<Untrusted>, parsed: Option<String>,
    }
    /// As whom a scheduled workflow runs.
    ScheduleActor in github_schedule_actor needs [One("workflow"), When { of: "run_id", is: Present, needs: "user_id" }] {
        workflow: Untrusted, organization: Untrusted, repository: Untrusted, login: Option<Untrusted>,
        user_id: Option<Untrusted>, run_id: Option<Untrusted>, last_run_at: Option<Timestamp>,
    }
    /// A workflow run.
    Run in github_run needs [One("id"), Any(&["login", "user_id"]), Any(&["triggered_by", "triggered_by_id"])] {
        id: Untrusted, organization: Untrusted, repository: Untrusted, login: Option<Untrusted>,
        user_id: Option<Untrusted>, triggered_by: Option<Untrusted>, triggered_by_id: Option<Untrusted>,
        path: Option<Untrusted>, event: Option<Untrusted>, status: Option<Untrusted>, conclusion: Option<Untrusted>,
        at: Timestamp,
    }
    /// A job and the runner that took it.
    Job in github_job needs [One("id"), One("run_id"), Any(&["login", "user_id"])] {
        id: Untrusted, organization: Untrusted, repository: Untrusted, run_id: Untrusted, login: Option<Untrusted>,
        user_id: Option<Untrusted>, path: Option<Untrusted>, runner_id: Option<Untrusted>, runner: Option<Untrusted>,
        runner_group: Option<Untrusted>, at: Option<Timestamp>,
    }
    /// An event of the audit log of an organisation.
    Event in github_event needs [One("id"), One("action")] {
        id: Untrusted, organization: Untrusted, repository: Option<Untrusted>, environment: Option<Untrusted>,
        action: Untrusted, at: Timestamp, actor: Option<Untrusted>, actor_id: Option<Untrusted>,
        actor_is_bot: Option<bool>, account: Option<Untrusted>, account_id: Option<Untrusted>,
        name: Option<Untrusted>, thing_id: Option<Untrusted>, product: Option<Untrusted>,
        permission: Option<Untrusted>, old_permission: Option<Untrusted>, token_id: Option<Untrusted>, token_name: Option<Untrusted>,
    }
    /// How identity tokens are worded.
    OidcTemplate in github_oidc_template needs [When { of: "repository", is: Present, needs: "use_default" }] {
        organization: Untrusted, repository: Option<Untrusted>, use_default: Option<bool>, claims: Option<Untrusted>,
        immutable: Option<bool>, prefix: Option<Untrusted>,
    }
    /// Somebody who may bypass a ruleset.
    RulesetBypass in github_ruleset_bypass needs [One("id"), One("actor_kind"), When { of: "actor_kind", is: Text("User"), needs: "actor_id" }] {
        id: Untrusted, organization: Untrusted, repository: Option<Untrusted>, ruleset: Option<Untrusted>,
        actor_id: Option<Untrusted>, actor_kind: Option<Untrusted>, mode: Option<Untrusted>,
    }
    /// An account that a branch protection rule names.
    BranchAllowance in github_branch_allowance needs [One("pattern"), One("login"), One("user_id")] {
        id: Untrusted, organization: Untrusted, repository: Untrusted, pattern: Untrusted, allowance: String,
        login: Option<Untrusted>, user_id: Option<Untrusted>,
    }
    /// A reviewer of an environment.
    Reviewer in github_reviewer needs [One("environment"), One("login"), One("user_id")] {
        id: Untrusted, organization: Untrusted, repository: Untrusted, environment: Untrusted,
        login: Option<Untrusted>, user_id: Option<Untrusted>, others: Option<i64>,
    }
    /// An owner that a CODEOWNERS file names.
    CodeOwner in github_code_owner needs [Any(&["login", "mail"])] {
        id: Untrusted, organization: Untrusted, repository: Untrusted, path: Untrusted, line: i64,
        pattern: Option<Untrusted>, login: Option<Untrusted>, mail: Option<Untrusted>, text: Option<Untrusted>,
    }
}
