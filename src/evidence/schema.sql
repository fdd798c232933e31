-- The evidence of one run. Written once; no migrations: meta.format says which leaver reads it.
-- Times end in _at: UTC, whole seconds, sortable as text. Ids are the services' immutable ids. NULL = not known.

CREATE TABLE meta (
  -- What run this is: format, tool, now, tenant, mode.
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE coverage (
  -- One row per data set and scope: was all of it read, and if not, why not.
  dataset  TEXT NOT NULL,   -- a table below
  scope    TEXT NOT NULL,   -- the part of it: a tenant, a person, a gateway
  person   TEXT,            -- only this person is concerned; NULL: everybody
  gap      TEXT,            -- NULL: complete; else the kind of gap
  needs    TEXT,            -- the permission, licence or setting that is missing
  detail   TEXT,
  requests INTEGER NOT NULL,
  pages    INTEGER NOT NULL,
  objects  INTEGER NOT NULL,
  first_at TEXT,            -- when the first request of it was answered
  last_at  TEXT
) STRICT;

CREATE TABLE request (
  -- Every HTTP exchange, without bodies and without secrets.
  source      TEXT NOT NULL,
  method      TEXT NOT NULL,
  url         TEXT NOT NULL,
  status      INTEGER,      -- NULL: no answer
  attempts    INTEGER NOT NULL,
  body_sha256 TEXT,
  bytes       INTEGER,
  at          TEXT NOT NULL
) STRICT;

CREATE TABLE reader (
  -- Who read the services for this run, and which tenant or organisation answered: by the service or by the token itself.
  service     TEXT NOT NULL,  -- Microsoft Graph, Azure Resource Manager, Log Analytics, GitHub
  host        TEXT NOT NULL,
  identity    TEXT,           -- entra:service-principal/<object id>, entra:user/<object id>, github:app/<id>, github:user/<id>; NULL: the token does not say
  principal   TEXT,           -- object id in Entra, by which its Azure roles are found
  name        TEXT,
  sign_in     TEXT NOT NULL,  -- how: a variable, a managed identity, an App
  realm       TEXT,           -- immutable id of the tenant, or github:org/<id>
  realm_name  TEXT,
  permissions TEXT            -- roles, scopes or permissions, space-separated; NULL: nobody says
) STRICT;

CREATE TABLE person (
  -- The people this run is about.
  id              TEXT PRIMARY KEY,  -- entra:user/<object id>
  object_id       TEXT NOT NULL,
  upn             TEXT,              -- as it was before a deletion mangled it
  name            TEXT,
  mail            TEXT,
  employee_id     TEXT,
  asked           TEXT               -- what the command line called them
) STRICT;

CREATE TABLE last_day (
  -- When each of these people left or leaves. A table of its own: not every check needs it.
  person  TEXT PRIMARY KEY,
  date    TEXT NOT NULL,     -- in the time zone of the organisation
  ends_at TEXT NOT NULL,     -- the instant at which it is over
  source  TEXT NOT NULL      -- flag, configuration, employeeLeaveDateTime
) STRICT;

CREATE TABLE leaver_source (
  -- Who says that a person of a sweep left, and when.
  person TEXT NOT NULL,
  source TEXT NOT NULL,  -- list, entra-disabled, entra-deleted, entra-leave-date, github-removed, devops-removed
  date   TEXT,           -- the last day that this source gives; NULL: it gives none
  detail TEXT            -- where: the line of the list
) STRICT;

CREATE TABLE identity (
  -- Every account and name of these people. Checks join on it.
  person TEXT NOT NULL,
  kind   TEXT NOT NULL,  -- entra, upn, mail, github, devops
  id     TEXT,           -- the immutable id in that system
  name   TEXT,           -- the name there, as written by the system
  source TEXT,           -- how it is known: graph, saml, configuration, flag
  grade  TEXT
) STRICT;

CREATE TABLE account (
  -- The state of the Entra account itself.
  id                     TEXT PRIMARY KEY,  -- object id
  person                 TEXT NOT NULL,
  enabled                INTEGER,
  created_at             TEXT,
  deleted_at             TEXT,              -- set: in the recycle bin, restorable for 30 days
  sessions_valid_from_at TEXT,              -- refresh tokens issued before this are dead
  kind                   TEXT,              -- Member, Guest
  guest_state            TEXT,
  synced                 INTEGER            -- 1: mastered on premises, so it is closed there
) STRICT;

CREATE TABLE sign_in_activity (
  -- The last sign-ins of the account, however long ago. NULL: never, or before Entra kept it.
  person                 TEXT PRIMARY KEY,
  last_sign_in_at        TEXT,  -- interactive, failed attempts too
  last_noninteractive_at TEXT,
  last_success_at        TEXT   -- kept since December 2023
) STRICT;

CREATE TABLE gateway (
  -- The MCP gateways named in the configuration, resolved.
  id                  TEXT PRIMARY KEY,  -- service principal object id
  app_id              TEXT NOT NULL,
  application         TEXT,              -- application object id; NULL: the app lives in another tenant
  name                TEXT,
  enabled             INTEGER,
  assignment_required INTEGER            -- 1: only assigned principals get a token
) STRICT;

CREATE TABLE service_principal (
  -- Names for the principals that grants and assignments point to.
  id      TEXT PRIMARY KEY,
  app_id  TEXT,
  name    TEXT,
  kind    TEXT,     -- Application, ManagedIdentity, ServiceIdentity …
  enabled INTEGER
) STRICT;

CREATE TABLE delegated_grant (
  -- OAuth2 permission grants: somebody may act through `client` on `resource`.
  id        TEXT PRIMARY KEY,
  client    TEXT NOT NULL,   -- service principal object id
  resource  TEXT NOT NULL,   -- service principal object id
  consent   TEXT NOT NULL,   -- Principal, AllPrincipals
  principal TEXT,            -- user object id; NULL for AllPrincipals
  scope     TEXT             -- space-separated; test with has_scope(scope, 'x')
) STRICT;

CREATE TABLE app_role_assignment (
  -- Assignments to enterprise applications that the person has, directly or as a direct member of a group.
  id             TEXT NOT NULL,
  person         TEXT NOT NULL,
  principal      TEXT NOT NULL,
  principal_kind TEXT,           -- User, Group, ServicePrincipal
  principal_name TEXT,
  resource       TEXT NOT NULL,  -- service principal object id
  resource_name  TEXT,
  role           TEXT,           -- app role id; all zeros: default access
  created_at     TEXT
) STRICT;

CREATE TABLE preauthorized_client (
  -- Clients that get a gateway's scopes without any consent, hence without any grant object.
  gateway TEXT NOT NULL,  -- service principal object id
  client  TEXT NOT NULL,  -- appId
  scopes  TEXT            -- permission ids, space-separated
) STRICT;

CREATE TABLE group_membership (
  person   TEXT NOT NULL,
  group_id TEXT NOT NULL,
  name     TEXT,
  direct   INTEGER,        -- 0: through another group
  dynamic  INTEGER,        -- 1: membership follows a rule
  role_assignable INTEGER
) STRICT;

CREATE TABLE group_eligibility (
  -- Groups of which the person can become a member or an owner with one click, through Privileged Identity Management.
  id       TEXT NOT NULL,
  person   TEXT NOT NULL,
  group_id TEXT NOT NULL,
  access   TEXT,            -- member, owner
  ends_at  TEXT             -- NULL: never
) STRICT;

CREATE TABLE directory_role (
  -- Directory roles of the person, held or available.
  id        TEXT,
  person    TEXT NOT NULL,
  principal TEXT,            -- the person's object id, or the group that holds the role
  role      TEXT NOT NULL,   -- role definition id
  role_name TEXT,
  state     TEXT NOT NULL,   -- assigned, activated, eligible
  scope     TEXT,            -- / = the whole directory
  ends_at   TEXT
) STRICT;

CREATE TABLE application (
  id         TEXT PRIMARY KEY,  -- object id
  app_id     TEXT,
  name       TEXT,
  created_at TEXT
) STRICT;

CREATE TABLE ownership (
  -- All owners of every application and service principal that a person owns.
  object      TEXT NOT NULL,   -- object id
  object_kind TEXT NOT NULL,   -- application, service-principal
  object_name TEXT,
  owner       TEXT NOT NULL,   -- object id of a user or service principal
  owner_kind  TEXT,
  owner_name  TEXT
) STRICT;

CREATE TABLE sponsorship (
  -- All sponsors of every agent identity that a person sponsors.
  object       TEXT NOT NULL,
  object_kind  TEXT NOT NULL,
  object_name  TEXT,
  sponsor      TEXT NOT NULL,
  sponsor_name TEXT
) STRICT;

CREATE TABLE credential (
  -- Secrets and certificates on applications and service principals; the value never leaves Entra.
  object      TEXT NOT NULL,   -- object id
  object_kind TEXT NOT NULL,   -- application, service-principal
  object_name TEXT,
  key_id      TEXT NOT NULL,
  kind        TEXT NOT NULL,   -- secret, certificate
  name        TEXT,
  hint        TEXT,            -- first three characters, published by Entra itself
  starts_at   TEXT,
  ends_at     TEXT
) STRICT;

CREATE TABLE federated_credential (
  -- Outside identities that an application or a managed identity trusts; the view federated_trust says whom that concerns.
  id            TEXT NOT NULL,   -- of a managed identity: the resource id, lower case
  object        TEXT NOT NULL,   -- object id of the application, or resource id of the identity, lower case
  object_kind   TEXT NOT NULL,   -- application, managed-identity
  object_name   TEXT,
  name          TEXT,
  issuer        TEXT,
  issuer_kind   TEXT,            -- github, gitlab, terraform, azure-devops, kubernetes, entra, unknown
  subject       TEXT,            -- NULL: flexible, see expression; both NULL: the service did not show it
  expression    TEXT,
  audience      TEXT,
  owner         TEXT,            -- account or organisation that the subject names; may hold wildcards
  owner_id      TEXT,
  repository    TEXT,            -- without its owner
  repository_id TEXT,
  scope         TEXT,            -- of GitHub: workflow, environment, branch, tag, pull-request, repository, organization
  connection    TEXT             -- of Azure DevOps: organization/project/name, or the ids of organization/connection
) STRICT;

CREATE TABLE federated_event (
  -- Events in which the person changed the federated credentials of an application or a managed identity.
  event      TEXT NOT NULL,
  person     TEXT NOT NULL,
  at         TEXT NOT NULL,
  actor      TEXT,
  actor_name TEXT,
  object     TEXT NOT NULL,
  name       TEXT,            -- of the credential; NULL: the event does not say which
  subject    TEXT,
  change     TEXT NOT NULL    -- added, removed; changed: the event does not say
) STRICT;

CREATE TABLE managed_identity (
  -- User-assigned managed identities.
  id           TEXT PRIMARY KEY,  -- resource id, lower case
  name         TEXT,
  subscription TEXT,
  principal    TEXT,              -- object id of its service principal
  client_id    TEXT
) STRICT;

CREATE TABLE role_assignment (
  -- Azure role assignments at, above and below every subscription.
  id             TEXT PRIMARY KEY,  -- resource id, lower case
  principal      TEXT NOT NULL,     -- object id
  principal_kind TEXT,              -- User, Group, ServicePrincipal; kept when the principal is gone
  role           TEXT NOT NULL,     -- id of the role definition, without its scope
  role_name      TEXT,
  scope          TEXT,              -- resource id, lower case
  condition      TEXT,
  created_at     TEXT,
  created_by     TEXT               -- object id of who granted it
) STRICT;

CREATE TABLE role_eligibility (
  -- Azure roles that somebody can switch on, through Privileged Identity Management. Columns as of a role assignment.
  id             TEXT PRIMARY KEY,
  principal      TEXT NOT NULL,
  principal_kind TEXT,
  role           TEXT NOT NULL,
  role_name      TEXT,
  scope          TEXT,
  ends_at        TEXT             -- NULL: never
) STRICT;

CREATE TABLE azure_container (
  -- Container groups, container apps and container jobs.
  id           TEXT PRIMARY KEY,  -- resource id, lower case
  kind         TEXT NOT NULL,     -- container-group, container-app, container-job
  name         TEXT,
  subscription TEXT,
  containers   INTEGER,           -- how many it has, those that only prepare the others included; NULL: it was not shown
  runs_as      TEXT               -- its managed identities: name, or "its own", and object id
) STRICT;

CREATE TABLE azure_literal (
  -- Credentials that stand in clear in the definition of a container. Never their values. Columns as of a sighting.
  id           TEXT NOT NULL,  -- azure:<container>/<path>, and the fingerprint's beginning
  container    TEXT NOT NULL,  -- azure_container.id
  path         TEXT NOT NULL,  -- where in the definition: template/containers/<name>/env/<NAME>
  kind         TEXT NOT NULL,
  holder       TEXT NOT NULL,
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

CREATE TABLE configured_organization (
  -- What the configuration calls our own.
  kind TEXT NOT NULL,  -- github
  name TEXT NOT NULL
) STRICT;

CREATE TABLE directory_event (
  -- Entra directory audit events of the person.
  id          TEXT NOT NULL,
  person      TEXT NOT NULL,
  at          TEXT NOT NULL,
  activity    TEXT NOT NULL,   -- dashes and spaces normalised, lower case
  actor       TEXT,            -- object id
  actor_name  TEXT,
  result      TEXT,
  target      TEXT,
  target_kind TEXT,
  target_name TEXT
) STRICT;

CREATE TABLE credential_event (
  -- Directory audit events that added or removed one secret or certificate.
  event      TEXT NOT NULL,
  person     TEXT NOT NULL,
  at         TEXT NOT NULL,
  actor      TEXT,
  actor_name TEXT,
  object     TEXT NOT NULL,
  key_id     TEXT NOT NULL,
  name       TEXT,
  change     TEXT NOT NULL     -- added, removed
) STRICT;

CREATE TABLE consent_event (
  -- Directory audit events in which the person consented to an application.
  event     TEXT NOT NULL,
  person    TEXT NOT NULL,
  at        TEXT NOT NULL,
  actor     TEXT,
  client    TEXT,              -- service principal object id
  client_name TEXT,
  admin     INTEGER            -- 1: on behalf of the whole tenant; NULL: the event does not say
) STRICT;

CREATE TABLE sign_in (
  id        TEXT NOT NULL,
  person    TEXT NOT NULL,
  at        TEXT NOT NULL,
  kind      TEXT NOT NULL,     -- interactive, non-interactive
  app_id    TEXT,
  app_name  TEXT,
  resource  TEXT,
  success   INTEGER
) STRICT;

CREATE TABLE authentication_method (
  id         TEXT NOT NULL,
  person     TEXT NOT NULL,
  kind       TEXT NOT NULL,
  name       TEXT,
  created_at TEXT
) STRICT;

CREATE TABLE device (
  id      TEXT NOT NULL,
  person  TEXT NOT NULL,
  name    TEXT,
  relation TEXT NOT NULL,      -- registered, owned
  enabled INTEGER,
  seen_at TEXT
) STRICT;

CREATE TABLE runner (
  -- CI runners and agents found on a scanned host.
  id            TEXT PRIMARY KEY,  -- host:<host>/<directory>
  host          TEXT NOT NULL,
  kind          TEXT NOT NULL,     -- github, azure-devops
  name          TEXT,
  server        TEXT,              -- the organisation, repository or collection that it serves
  pool          TEXT,
  service       TEXT,              -- the systemd unit
  service_user  TEXT,              -- the account that the unit runs as
  file_owner    TEXT,              -- the account that owns the registration files
  registered_at TEXT,
  last_job_at   TEXT,
  running       INTEGER,           -- NULL: the processes were not looked at
  runner_id     TEXT,              -- its number at that server, as its settings say
  ephemeral     INTEGER,           -- 1: it ends with its job
  scanned_at    TEXT,              -- when the host was scanned
  saw_root      INTEGER,           -- 1: all of its own directory was in the scan; NULL, here and below: an older scan, which does not say
  saw_work      INTEGER,           -- 1: and its work folder
  saw_home      INTEGER,           -- 1: and the home of the account that it runs as, by the passwd of the scanned host
  saw_environment INTEGER          -- 1: and the environment of its processes
) STRICT;

CREATE TABLE sighting (
  -- Credentials seen on a scanned host. Never their values.
  id           TEXT PRIMARY KEY,  -- host:<host>/<path>:<line>, and the fingerprint's beginning
  host         TEXT NOT NULL,
  path         TEXT NOT NULL,
  line         INTEGER,
  place        TEXT NOT NULL,     -- what the file is: gh, azure-cli, runner-env, mcp, process, file …
  kind         TEXT NOT NULL,     -- a kind of checks/tokens.toml, or <place>-secret for a value without a known shape
  holder       TEXT NOT NULL,     -- person, service, job, either: with what it dies
  name         TEXT,              -- the variable, key or header that it stands under
  shown        TEXT,              -- the part of it that belongs to the format
  fingerprint  TEXT NOT NULL,     -- HMAC-SHA256 with the key of the organisation
  verified     INTEGER,           -- its checksum or structure holds; NULL: it has none
  confidence   TEXT NOT NULL,     -- low, medium, high
  owner_kind   TEXT,              -- entra, mail, github, devops, login, application, ssh-comment …
  owner_id     TEXT,
  owner_name   TEXT,
  owner_source TEXT,              -- token, sign-in, url, same-token, issuer …
  grade        TEXT,
  sign_in      INTEGER NOT NULL,  -- 1: a sign-in that a tool keeps for a person
  uploaded     INTEGER NOT NULL,  -- 1: the agent sends this variable to its server as a capability
  runner       TEXT,              -- the runner that can read it
  file_owner   TEXT,
  scope        TEXT,
  created_at   TEXT,
  expires_at   TEXT,
  issuer_says  TEXT,              -- valid, invalid, unavailable; NULL: it was not asked
  modified_at  TEXT               -- of the file
) STRICT;

CREATE TABLE token_owner (
  -- Whether those to whom the personal tokens on runner hosts and in containers belong still have an account. One row per
  -- owner as `sighting` and `azure_literal` name them: owner_kind, owner_id, owner_name.
  kind    TEXT NOT NULL,
  id      TEXT,
  name    TEXT,
  account TEXT,            -- object id of the user; NULL: none
  state   TEXT             -- active, disabled, deleted, absent; NULL: nobody could say, as for accounts of other systems
) STRICT;

CREATE TABLE mcp_server (
  -- MCP servers that a client on a scanned host is configured to start or to call.
  id         TEXT PRIMARY KEY,  -- host:<host>/<path>#<name>
  host       TEXT NOT NULL,
  path       TEXT NOT NULL,
  client     TEXT NOT NULL,     -- claude-code, cursor, vscode …
  name       TEXT NOT NULL,
  transport  TEXT NOT NULL,     -- stdio, http
  target     TEXT,              -- the name of the program, or the host: nothing that can be a secret
  literals   INTEGER NOT NULL,  -- credentials that stand in the file itself
  reaches    TEXT,              -- the file system roots or homes that it serves; NULL: none
  runner     TEXT,
  file_owner TEXT
) STRICT;

CREATE TABLE runner_read (
  -- What the account of a runner can read: all pairs, where the column `runner` of a sighting or an MCP server names one.
  runner TEXT NOT NULL,  -- runner.id
  thing  TEXT NOT NULL,  -- sighting.id or mcp_server.id
  PRIMARY KEY (runner, thing)
) STRICT, WITHOUT ROWID;

CREATE TABLE registered_runner (
  -- Runners and agents that a service knows: what jobs may run on. Each has to be on a host that was scanned.
  id        TEXT PRIMARY KEY,  -- github:org/<org>/runner/<id>, github:repo/…, github:enterprise/…, devops:<org>/pool/<id>/agent/<id>
  kind      TEXT NOT NULL,     -- as of a runner: github, azure-devops
  server    TEXT,              -- host and path that its settings name: github.com/contoso; NULL: not known
  runner_id TEXT NOT NULL,
  name      TEXT,
  labels    TEXT,              -- space-separated
  online    INTEGER,           -- 0 proves nothing: runners that are shown offline have taken jobs
  ephemeral INTEGER            -- 1: made for one job, of a pod template or an image
) STRICT;

CREATE TABLE runner_registration (
  -- Each runner of a scanned host, and which registered one it is by server, number and name.
  runner     TEXT NOT NULL,    -- runner.id
  registered TEXT,             -- registered_runner.id
  state      TEXT NOT NULL     -- registered; ephemeral: it ends with its job; forgotten: in no list; unknown: its server or number is not
) STRICT;

CREATE TABLE organization_time (
  -- One row: when people of this organisation work, as the configuration says. Without it nothing is night or weekend.
  zone   TEXT NOT NULL,     -- IANA name, such as Europe/Berlin; test with local_time(at, zone)
  starts TEXT NOT NULL,     -- of the working day, local: 07:00
  ends   TEXT NOT NULL      -- 20:00
) STRICT;

CREATE TABLE log_table (
  -- Each log that was asked, and whether anything lives in it at all.
  source         TEXT PRIMARY KEY,  -- logs:<workspace>/<table>, file:<name>
  shape          TEXT NOT NULL,     -- documented, gateway-policy (no object id, no resource), unknown
  plan           TEXT,              -- Analytics, Basic, Auxiliary
  retention_days INTEGER,
  lacks          TEXT,              -- the fields of tool_call that this log does not have, space-separated
  from_at        TEXT NOT NULL,     -- the window that was asked, half-open
  until_at       TEXT NOT NULL,
  first_at       TEXT,              -- the first and the last record of any caller in the window; NULL: there is none
  last_at        TEXT,
  records        INTEGER,           -- of any caller in the window
  callers        INTEGER            -- how many different ones at least; more than one proves that the log is not ours alone
) STRICT;

CREATE TABLE log_query (
  -- Each query that a log answered, with the digests of the whole text and of the result as it came.
  source        TEXT NOT NULL,     -- log_table.source
  name          TEXT NOT NULL,     -- its file in checks/4-activity
  text          TEXT NOT NULL,     -- as it was sent; cut where it is long
  sha256        TEXT NOT NULL,
  result_sha256 TEXT NOT NULL,
  rows          INTEGER NOT NULL,
  from_at       TEXT,              -- the window; NULL: everything that is kept
  until_at      TEXT
) STRICT;

CREATE TABLE log_silence (
  -- Hours in which no caller at all left a record: nobody worked, or nothing was written.
  source      TEXT NOT NULL,
  from_at     TEXT NOT NULL,
  until_at    TEXT NOT NULL,  -- half-open
  per_million INTEGER         -- so many of a million such spans would be silent, going by the same hours of the weeks
                              -- before; NULL: too little is known to compare it with
) STRICT;

CREATE TABLE tool_call_hour (
  -- All calls within reach, counted. Several rows with the same key add up: calls by sum, first_at by min, last_at by max;
  -- resources is then at least the largest and at most the sum.
  source      TEXT NOT NULL,     -- log_table.source
  principal   TEXT,              -- object id of the caller, lower case; NULL: the record has none
  caller_name TEXT,              -- user principal name as recorded; NULL: the record has none
  hour_at     TEXT NOT NULL,     -- the hour of UTC that it began in
  server      TEXT,
  tool        TEXT,
  scope       TEXT,
  directory   TEXT,              -- of the resource: up to its last / or \; without one, the resource itself
  status      INTEGER,           -- HTTP status
  calls       INTEGER NOT NULL,
  resources   INTEGER NOT NULL,  -- different ones
  first_at    TEXT NOT NULL,
  last_at     TEXT NOT NULL
) STRICT;

CREATE TABLE tool_call (
  -- Single calls. All of a caller's hour are here if they are as many as tool_call_hour counts: 1,000 at most. Of a
  -- busier hour all refusals (403) are here, again up to 1,000, and perhaps some of the others.
  source      TEXT NOT NULL,
  principal   TEXT,
  caller_name TEXT,
  at          TEXT NOT NULL,
  server      TEXT,
  tool        TEXT,
  scope       TEXT,
  resource    TEXT,
  directory   TEXT,
  status      INTEGER,
  latency_ms  INTEGER,
  request     TEXT,              -- the gateway's request id
  item        TEXT               -- the log's own id of the record
) STRICT;

CREATE TABLE last_activity (
  -- The last call of each caller on each server, however long ago: over everything that the log retains.
  source      TEXT NOT NULL,
  principal   TEXT,
  caller_name TEXT,
  server      TEXT,
  last_at     TEXT NOT NULL,
  calls       INTEGER NOT NULL
) STRICT;
