-- What GitHub says. A row writes accounts as the answer did: login, number (as text), or both; checks match them with
-- same_account(), which takes the number where both sides have one. `repository` is the name without its owner;
-- NULL: the thing belongs to the organisation itself. `id` is the typed id that a finding about the row gets.

CREATE TABLE github_organization (
  -- The organisations that were asked.
  id          TEXT NOT NULL,     -- number
  name        TEXT NOT NULL,
  enterprise  TEXT,              -- slug
  plan        TEXT,
  saml        INTEGER,           -- 1: single sign-on is required of its members
  member_role TEXT               -- what every member may do with every repository: none, read, write, admin
) STRICT;

CREATE TABLE github_account (
  -- Accounts that trusts, apps or tokens name, by the name that was asked for.
  asked      TEXT NOT NULL,
  state      TEXT,       -- present, absent (renamed, deleted, or managed and not shown); NULL: nobody could say
  login      TEXT,       -- as it is written now
  user_id    TEXT,
  kind       TEXT,       -- User, Organization, Bot
  created_at TEXT
) STRICT;

CREATE TABLE github_repository (
  -- Every repository of the organisations.
  id             TEXT NOT NULL,  -- number
  organization   TEXT NOT NULL,
  repository     TEXT NOT NULL,
  owner_id       TEXT,           -- number of the organisation
  visibility     TEXT,           -- public, private, internal
  archived       INTEGER,
  default_branch TEXT,
  created_at     TEXT,
  pushed_at      TEXT
) STRICT;

CREATE TABLE github_trusted_repository (
  -- Repositories that federated credentials name, by the name that was asked for.
  asked_owner TEXT NOT NULL,
  asked_name  TEXT NOT NULL,
  state       TEXT,       -- present, moved, absent; NULL: private or gone, nobody could say
  owner       TEXT,       -- where it is now
  owner_id    TEXT,
  repository  TEXT,
  repository_id TEXT
) STRICT;

CREATE TABLE github_membership (
  -- Members of the organisations.
  organization TEXT NOT NULL,
  login        TEXT,
  user_id      TEXT,
  role         TEXT,      -- admin, member, billing_manager; NULL: not known
  state        TEXT,      -- active, pending
  direct       INTEGER    -- 0: through a team of the enterprise only
) STRICT;

CREATE TABLE github_outside_collaborator (
  -- People who are no members and have access to at least one repository.
  organization TEXT NOT NULL,
  login        TEXT,
  user_id      TEXT
) STRICT;

CREATE TABLE github_team_membership (
  organization TEXT NOT NULL,
  team         TEXT NOT NULL,  -- slug
  team_id      TEXT,
  team_name    TEXT,
  login        TEXT,
  user_id      TEXT,
  role         TEXT,           -- member, maintainer
  inherited    INTEGER         -- 1: through a child team or the enterprise
) STRICT;

CREATE TABLE github_team_access (
  -- The repositories of the teams in which one of these people is.
  organization TEXT NOT NULL,
  team         TEXT NOT NULL,  -- slug
  repository   TEXT NOT NULL,
  role         TEXT
) STRICT;

CREATE TABLE github_role (
  -- Organisation roles and who holds them.
  organization TEXT NOT NULL,
  role_id      TEXT NOT NULL,
  role         TEXT,
  login        TEXT,
  user_id      TEXT,
  assignment   TEXT            -- direct, indirect (through a team), mixed
) STRICT;

CREATE TABLE github_access (
  -- Access to one repository that was given to one account directly.
  organization TEXT NOT NULL,
  repository   TEXT NOT NULL,
  login        TEXT,
  user_id      TEXT,
  role         TEXT            -- read, triage, write, maintain, admin, or a custom role
) STRICT;

CREATE TABLE github_invitation (
  id           TEXT NOT NULL,  -- github:org/<org>/invitation/<id>, github:repo/<org>/<repo>/invitation/<id>
  organization TEXT NOT NULL,
  repository   TEXT,
  login        TEXT,           -- NULL: invited by mail
  user_id      TEXT,
  mail         TEXT,
  inviter      TEXT,
  inviter_id   TEXT,
  role         TEXT,
  created_at   TEXT,
  state        TEXT NOT NULL   -- pending, expired, failed
) STRICT;

CREATE TABLE github_token_grant (
  -- Fine-grained personal access tokens that may, or ask to, use the organisation.
  id           TEXT NOT NULL,  -- github:pat/<org>/<grant id>, github:pat-request/<org>/<request id>
  organization TEXT NOT NULL,
  state        TEXT NOT NULL,  -- granted, requested
  token_id     TEXT,
  name         TEXT,
  login        TEXT,
  user_id      TEXT,
  repositories TEXT,           -- none, all, subset
  permissions  TEXT,           -- such as: contents:write members:read
  created_at   TEXT,           -- when it was granted or asked for
  expires_at   TEXT,           -- NULL with expired = 0: never
  expired      INTEGER,
  last_used_at TEXT
) STRICT;

CREATE TABLE github_sso_authorization (
  -- Credentials of members that single sign-on lets into the organisation.
  id            TEXT NOT NULL, -- github:org/<org>/credential-authorization/<id>
  organization  TEXT NOT NULL,
  login         TEXT,
  user_id       TEXT,
  kind          TEXT NOT NULL, -- as GitHub says it: personal access token, SSH key, OAuth app token, GitHub app token
  name          TEXT,
  scopes        TEXT,          -- space-separated
  fingerprint   TEXT,          -- of an SSH key, which is public
  authorized_at TEXT,
  accessed_at   TEXT,
  expires_at    TEXT
) STRICT;

CREATE TABLE github_secret (
  -- Secrets by name. Nobody can read a value, and GitHub does not say who set it.
  id           TEXT NOT NULL,  -- github:org/<org>/secret/<NAME>, github:repo/<org>/<repo>/secret/<NAME>,
                               -- github:repo/<org>/<repo>/environment/<env>/secret/<NAME>; other products than
                               -- Actions say so: …/dependabot-secret/<NAME>, and …/private-registry/<NAME>
  organization TEXT NOT NULL,
  repository   TEXT,
  environment  TEXT,
  product      TEXT NOT NULL,  -- actions, dependabot, codespaces, agents, private-registry
  name         TEXT NOT NULL,
  visibility   TEXT,           -- of an organisation's: all, private, selected
  repositories TEXT,           -- of a selected one: their names, comma-separated
  created_at   TEXT,
  updated_at   TEXT
) STRICT;

CREATE TABLE github_variable (
  -- Variables by name. What looks like a credential in their values is in github_literal.
  id           TEXT NOT NULL,  -- as of a secret: …/variable/<NAME>, …/agents-variable/<NAME>
  organization TEXT NOT NULL,
  repository   TEXT,
  environment  TEXT,
  product      TEXT NOT NULL,  -- actions, agents
  name         TEXT NOT NULL,
  visibility   TEXT,
  repositories TEXT,
  created_at   TEXT,
  updated_at   TEXT
) STRICT;

CREATE TABLE github_literal (
  -- Credentials that stand in clear in variables and workflows. Never their values. Columns as of a sighting.
  id           TEXT NOT NULL,  -- the variable's id, or github:repo/<org>/<repo>/file/<path>:<line>; and the fingerprint's beginning
  organization TEXT NOT NULL,
  repository   TEXT,
  place        TEXT NOT NULL,  -- variable, workflow
  path         TEXT,           -- of the file
  line         INTEGER,
  position     INTEGER,        -- the column in the line
  kind         TEXT NOT NULL,
  holder       TEXT NOT NULL,
  name         TEXT,
  shown        TEXT,
  fingerprint  TEXT NOT NULL,
  verified     INTEGER,
  confidence   TEXT NOT NULL,
  owner_kind   TEXT,
  owner_id     TEXT,
  owner_name   TEXT,
  owner_source TEXT,
  grade        TEXT,
  expires_at   TEXT
) STRICT;

CREATE TABLE github_deploy_key (
  id           TEXT NOT NULL,  -- github:repo/<org>/<repo>/key/<id>
  organization TEXT NOT NULL,
  repository   TEXT NOT NULL,
  title        TEXT,
  fingerprint  TEXT,           -- SHA256:…
  added_by     TEXT,           -- login; NULL: GitHub does not say
  read_only    INTEGER,
  enabled      INTEGER,
  created_at   TEXT,
  last_used_at TEXT
) STRICT;

CREATE TABLE github_hook (
  -- Webhooks. GitHub does not say who made them.
  id           TEXT NOT NULL,  -- github:org/<org>/hook/<id>, github:repo/<org>/<repo>/hook/<id>
  organization TEXT NOT NULL,
  repository   TEXT,
  hook_id      TEXT NOT NULL,
  target       TEXT,           -- scheme and host only: paths and queries of hooks hold secrets
  events       TEXT,
  active       INTEGER,
  signed       INTEGER,        -- 1: deliveries are signed with a secret
  verified     INTEGER,        -- 0: the receiver's certificate is not checked
  created_at   TEXT,
  updated_at   TEXT
) STRICT;

CREATE TABLE github_app_installation (
  -- Apps that are installed in the organisation. GitHub does not say who installed them.
  id           TEXT NOT NULL,  -- github:org/<org>/installation/<id>
  organization TEXT NOT NULL,
  installation_id TEXT NOT NULL,
  app_id       TEXT,
  app          TEXT,           -- slug
  owner        TEXT,           -- login of who owns the app; NULL: a private app, or nobody could say
  owner_id     TEXT,
  owner_kind   TEXT,           -- User, Organization
  repositories TEXT,           -- all, selected
  permissions  TEXT,           -- such as: contents:write members:read
  created_at   TEXT,
  updated_at   TEXT,
  suspended_at TEXT
) STRICT;

CREATE TABLE github_runner (
  -- Self-hosted runners. GitHub says neither who registered them nor when.
  id           TEXT NOT NULL,  -- github:org/<org>/runner/<id>, github:repo/<org>/<repo>/runner/<id>, github:enterprise/<slug>/runner/<id>
  organization TEXT NOT NULL,
  repository   TEXT,
  runner_id    TEXT NOT NULL,
  name         TEXT,
  os           TEXT,
  status       TEXT,           -- online, offline
  busy         INTEGER,
  labels       TEXT,           -- space-separated
  ephemeral    INTEGER,
  group_id     TEXT
) STRICT;

CREATE TABLE github_runner_group (
  id           TEXT NOT NULL,  -- github:org/<org>/runner-group/<id>
  organization TEXT NOT NULL,
  group_id     TEXT NOT NULL,
  name         TEXT,
  visibility   TEXT,           -- all, private, selected
  public       INTEGER         -- 1: workflows of public repositories may use it
) STRICT;

CREATE TABLE github_workflow (
  -- Workflow files on the default branch.
  id           TEXT NOT NULL,  -- github:repo/<org>/<repo>/workflow/<path>
  organization TEXT NOT NULL,
  repository   TEXT NOT NULL,
  workflow_id  TEXT,
  path         TEXT NOT NULL,
  name         TEXT,
  state        TEXT,           -- active, disabled_manually, disabled_inactivity, disabled_fork
  scheduled    INTEGER,        -- NULL: the file could not be understood
  schedule     TEXT,           -- the cron lines
  runs_on      TEXT,           -- the labels of its jobs, space-separated
  self_hosted  INTEGER,        -- 1: a job may run on a self-hosted runner; NULL: an expression decides
  id_token     INTEGER,        -- 1: it may ask for an identity token
  secrets      TEXT,           -- names of the secrets that it uses, space-separated
  parsed       TEXT            -- model, yaml, none: how much of it could be read
) STRICT;

CREATE TABLE github_schedule_actor (
  -- As whom scheduled workflows ran last: the account that they run as.
  workflow     TEXT NOT NULL,  -- id of the github_workflow
  organization TEXT NOT NULL,
  repository   TEXT NOT NULL,
  login        TEXT,           -- NULL with last_run_at NULL: it never ran
  user_id      TEXT,
  run_id       TEXT,
  last_run_at  TEXT
) STRICT;

CREATE TABLE github_run (
  -- Workflow runs of these people since their last day.
  id           TEXT NOT NULL,  -- github:repo/<org>/<repo>/run/<id>
  organization TEXT NOT NULL,
  repository   TEXT NOT NULL,
  login        TEXT,           -- the actor
  user_id      TEXT,
  triggered_by TEXT,           -- login of who started or repeated it
  triggered_by_id TEXT,
  path         TEXT,           -- of the workflow
  event        TEXT,
  status       TEXT,
  conclusion   TEXT,
  at           TEXT NOT NULL
) STRICT;

CREATE TABLE github_job (
  -- The last jobs of workflows that run as these people, and the runners that took them.
  id           TEXT NOT NULL,  -- number
  organization TEXT NOT NULL,
  repository   TEXT NOT NULL,
  run_id       TEXT NOT NULL,
  login        TEXT,           -- the actor of the run
  user_id      TEXT,
  path         TEXT,           -- of the workflow
  runner_id    TEXT,           -- NULL: not taken yet, or one of GitHub's own
  runner       TEXT,
  runner_group TEXT,           -- number of the group
  at           TEXT
) STRICT;

CREATE TABLE github_event (
  -- The audit log of the organisations: events by, about, or of a kind that ties a credential to a person.
  id           TEXT NOT NULL,
  organization TEXT NOT NULL,
  repository   TEXT,
  environment  TEXT,
  action       TEXT NOT NULL,  -- org.create_actions_secret …
  at           TEXT NOT NULL,
  actor        TEXT,
  actor_id     TEXT,
  actor_is_bot INTEGER,
  account      TEXT,           -- about whom: `user` of the event
  account_id   TEXT,
  name         TEXT,           -- of the thing: key of a secret, title of a key, name of a hook, an app, a runner, a token
  thing_id     TEXT,           -- hook_id, runner_id, user_programmatic_access_id …
  product      TEXT,           -- of a secret: dependabot, codespaces, lower case
  permission   TEXT,           -- the role that was given
  old_permission TEXT,         -- the role before
  token_id     TEXT,           -- the token that the actor used
  token_name   TEXT
) STRICT;

CREATE TABLE github_oidc_template (
  -- How the subjects of identity tokens are made.
  organization TEXT NOT NULL,
  repository   TEXT,           -- NULL: the organisation's template, which a repository uses only if it asks to
  use_default  INTEGER,
  claims       TEXT,           -- space-separated, in their order
  immutable    INTEGER,        -- 1: subjects hold the numbers of owner and repository
  prefix       TEXT
) STRICT;

CREATE TABLE github_ruleset_bypass (
  -- Who may bypass a ruleset. GitHub leaves this out for those who may not change the ruleset: a gap, not an empty list.
  id           TEXT NOT NULL,  -- github:org/<org>/ruleset/<id>, github:repo/<org>/<repo>/ruleset/<id>
  organization TEXT NOT NULL,
  repository   TEXT,
  ruleset      TEXT,
  actor_id     TEXT,           -- number of an account, a team, an app …
  actor_kind   TEXT,           -- User, Team, Integration, DeployKey …
  mode         TEXT            -- always, pull_request, exempt
) STRICT;

CREATE TABLE github_branch_allowance (
  -- Accounts that a branch protection rule names.
  id           TEXT NOT NULL,  -- github:repo/<org>/<repo>/branch-rule/<pattern>
  organization TEXT NOT NULL,
  repository   TEXT NOT NULL,
  pattern      TEXT NOT NULL,
  allowance    TEXT NOT NULL,  -- push, force-push, bypass-pull-request, dismiss-reviews
  login        TEXT,
  user_id      TEXT
) STRICT;

CREATE TABLE github_reviewer (
  -- Accounts that may release jobs into an environment.
  id           TEXT NOT NULL,  -- github:repo/<org>/<repo>/environment/<env>
  organization TEXT NOT NULL,
  repository   TEXT NOT NULL,
  environment  TEXT NOT NULL,
  login        TEXT,
  user_id      TEXT,
  others       INTEGER         -- how many other reviewers there are; NULL: not known
) STRICT;

CREATE TABLE github_code_owner (
  -- Owners that a CODEOWNERS file names, teams left out.
  id           TEXT NOT NULL,  -- github:repo/<org>/<repo>/file/<path>:<line>
  organization TEXT NOT NULL,
  repository   TEXT NOT NULL,
  path         TEXT NOT NULL,
  line         INTEGER NOT NULL,
  pattern      TEXT,
  login        TEXT,           -- without the @
  mail         TEXT,
  text         TEXT            -- the whole line
) STRICT;
