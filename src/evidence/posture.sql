-- The fence: what stands between callers and MCP servers, and what watches it. Rows hold what settings mean, as src/posture reads
-- them, never the settings themselves: these may hold secrets. NULL in a column that tells whether something is so: not understood.

CREATE TABLE posture_setting (
  -- What the configuration approves.
  kind  TEXT NOT NULL,  -- subnet, gateway, address, offboarding-days
  value TEXT NOT NULL
) STRICT;

CREATE TABLE azure_subscription (
  -- The subscriptions that were looked into.
  id TEXT PRIMARY KEY
) STRICT;

CREATE TABLE mcp_workload (
  -- Everything in Azure that runs containers.
  id           TEXT PRIMARY KEY,  -- resource id, lower case
  kind         TEXT NOT NULL,     -- container-group, container-app, container-job
  name         TEXT,
  subscription TEXT NOT NULL,
  tag          TEXT,              -- value of the tag MCPServer; NULL: it has none
  looks        TEXT,              -- why it looks like an MCP server; NULL: it does not
  is_server    INTEGER NOT NULL,  -- 1: by its tag or its looks
  subnet       TEXT,              -- resource ids, space-separated; NULL: in no subnet of a customer
  environment  TEXT,              -- container_environment.id
  reach        TEXT,              -- who can connect: nobody, network, certificate, listed, public; NULL: not known
  allowed      TEXT,              -- address ranges that it lets in, space-separated
  certificate  TEXT,              -- require, accept, ignore
  address      TEXT,              -- host or address that it answers on
  own_identity INTEGER,           -- 1: a system-assigned one
  identities   INTEGER            -- user-assigned ones
) STRICT;

CREATE TABLE workload_identity (
  -- The user-assigned identities of each of them.
  workload  TEXT NOT NULL,  -- mcp_workload.id
  identity  TEXT NOT NULL,  -- managed_identity.id
  principal TEXT            -- object id
) STRICT;

CREATE TABLE container_environment (
  -- Environments of container apps.
  id             TEXT PRIMARY KEY,
  name           TEXT,
  internal       INTEGER,  -- 1: no public address
  subnet         TEXT,
  public_network INTEGER,  -- 0: closed by its own setting
  endpoints      INTEGER   -- approved private endpoints
) STRICT;

CREATE TABLE subnet (
  id             TEXT PRIMARY KEY,
  prefix         TEXT,
  security_group TEXT
) STRICT;

CREATE TABLE api_gateway (
  -- API Management services.
  id         TEXT PRIMARY KEY,
  name       TEXT,
  sku        TEXT,
  network    TEXT,     -- none, external, internal
  reachable  INTEGER,  -- 0: closed to the public network
  addresses  TEXT,     -- public addresses, space-separated; NULL: it has none that stay
  stable     INTEGER,  -- 1: its tier keeps its addresses
  servers    INTEGER   -- interfaces that it offers
) STRICT;

CREATE TABLE gateway_call (
  -- Each operation of each interface, by each product through which it can be called, and what the policy in force does to a call.
  id           TEXT NOT NULL,     -- resource id of the operation, or of the interface; with ?product=<name> behind it
  gateway      TEXT NOT NULL,     -- api_gateway.id
  interface    TEXT NOT NULL,
  operation    TEXT,
  product      TEXT,
  open         INTEGER NOT NULL,  -- 1: it tells clients where to sign in, and has to answer everybody
  understood   INTEGER NOT NULL,  -- 0: a part of the policy is not
  backend      TEXT,              -- host of the server behind
  auth         TEXT,              -- always, sometimes, never
  issuer       INTEGER,
  audience     INTEGER,
  scopes       INTEGER,
  strict       INTEGER,           -- 1: signed, and with an end
  code         INTEGER,           -- what a call without a token gets
  first        INTEGER,           -- 1: nothing is sent or answered before
  cut          TEXT,              -- the scope without <base/> that cuts off what is above
  limited      INTEGER,           -- the calls that one minute can have for one principal; NULL: no such limit
  limited_by   TEXT,              -- what the nearest limit counts by: principal, address, subscription, token, chosen, everybody
  limit_sure   INTEGER,           -- 1: each call counts
  filter       TEXT,              -- address ranges that are let in
  header       TEXT,              -- the header with a secret that the server behind is sent
  proof        INTEGER,           -- 1: a certificate or an identity that it is sent
  shield       TEXT,              -- enforced, reported, none
  logs         TEXT,              -- fields that are written down; NULL: nothing is
  logs_body    INTEGER            -- 1: the body of the request too
) STRICT;

CREATE TABLE gateway_logger (
  id      TEXT PRIMARY KEY,
  gateway TEXT NOT NULL,
  kind    TEXT
) STRICT;

CREATE TABLE policy_effect (
  -- Each rule of Azure Policy that is assigned over a subscription, and what it does to sample servers.
  id           TEXT NOT NULL,     -- resource id of the assignment
  subscription TEXT NOT NULL,
  definition   TEXT NOT NULL,
  name         TEXT,
  level        TEXT NOT NULL,     -- management-group, subscription, resource-group, resource
  enforced     INTEGER NOT NULL,
  effect       TEXT,
  excluded     TEXT,              -- scopes that are left out, space-separated
  exempted     TEXT,              -- exemptions in force, space-separated
  untagged_group INTEGER,         -- 1: its condition meets a container group that looks like a server and has no tag
  untagged_app INTEGER,
  false_tag    INTEGER,           -- 1: and one whose tag says false
  outside_group INTEGER,          -- 1: and a tagged one in a subnet that is not approved
  partly_outside INTEGER,         -- 1: and one with two subnets, of which one is approved
  without_subnet INTEGER,         -- 1: and one in no subnet
  outside_app  INTEGER,
  proper       INTEGER            -- 1: and one that is as it should be
) STRICT;

CREATE TABLE alert_rule (
  id      TEXT PRIMARY KEY,
  name    TEXT,
  kind    TEXT NOT NULL,     -- log, metric
  enabled INTEGER NOT NULL,
  actions TEXT,              -- action_group.id, space-separated
  metric  TEXT               -- what a metric alert watches, and the codes that it is narrowed to
) STRICT;

CREATE TABLE alert_purpose (
  -- What each rule over the log of the gateway is for.
  rule    TEXT NOT NULL,  -- alert_rule.id
  purpose TEXT NOT NULL,  -- mass-read, off-hours, refusals
  enough  INTEGER,        -- 1: it finds at least as much as the checklist's rule
  why     TEXT
) STRICT;

CREATE TABLE action_group (
  id        TEXT PRIMARY KEY,
  name      TEXT,
  enabled   INTEGER NOT NULL,
  receivers INTEGER NOT NULL  -- those that reach somebody
) STRICT;

CREATE TABLE private_endpoint (
  id     TEXT PRIMARY KEY,
  target TEXT,
  state  TEXT
) STRICT;

CREATE TABLE diagnostic_setting (
  id        TEXT PRIMARY KEY,
  resource  TEXT NOT NULL,
  logs      TEXT,             -- categories that are on, space-separated
  workspace TEXT
) STRICT;

CREATE TABLE log_store (
  -- The table of the gateway in each workspace, as Resource Manager describes it.
  id             TEXT PRIMARY KEY,  -- log:<workspace id>/<table>
  workspace      TEXT NOT NULL,     -- resource id
  plan           TEXT,
  retention_days INTEGER,
  total_days     INTEGER,           -- the archive counted in
  columns        TEXT               -- documented fields that it has, space-separated
) STRICT;

CREATE TABLE registered_api (
  -- The inventory of API Center.
  id    TEXT PRIMARY KEY,
  name  TEXT,
  title TEXT,
  kind  TEXT,
  center TEXT NOT NULL
) STRICT;

CREATE TABLE budget (
  id         TEXT PRIMARY KEY,
  subscription TEXT NOT NULL,
  amount     INTEGER,
  notifies   INTEGER NOT NULL  -- notifications that are on and name somebody
) STRICT;

CREATE TABLE gateway_scope (
  -- Scopes and roles that the gateway's registrations publish.
  gateway TEXT NOT NULL,  -- appId
  value   TEXT NOT NULL,
  kind    TEXT NOT NULL,  -- scope, role
  enabled INTEGER NOT NULL,
  people  INTEGER         -- 1: a user may be given it or consent to it alone
) STRICT;

CREATE TABLE conditional_access (
  -- Policies of Conditional Access over the applications of the gateway.
  id        TEXT PRIMARY KEY,
  name      TEXT,
  enabled   INTEGER NOT NULL,
  gateway   TEXT,              -- appIds of gateways that it covers, space-separated; all: every application
  context   TEXT,              -- authentication contexts that it covers
  everybody INTEGER NOT NULL,  -- 1: all users
  blocks    INTEGER NOT NULL,  -- 1: it refuses them, and is not narrowed by a place, a client or a platform
  excluded  TEXT               -- users, groups and roles that it leaves out, space-separated
) STRICT;

CREATE TABLE sealed_report (
  -- Reports in the archive about people who left.
  person  TEXT NOT NULL,
  at      TEXT NOT NULL,
  signed  INTEGER NOT NULL
) STRICT;

CREATE TABLE departed (
  -- Those who left, for whom such a report has to exist.
  person TEXT PRIMARY KEY,
  day    TEXT                -- the last day; NULL: not known
) STRICT;

CREATE TABLE probe (
  -- Servers that were called without a token, directly.
  workload TEXT NOT NULL,
  address  TEXT NOT NULL,
  outcome  TEXT NOT NULL  -- answered, refused, silent
) STRICT;
