-- What Azure DevOps says. `id` is the typed id that a finding about the row gets; `project` is an id, `project_name` its name.
-- `person` is whose it is, as far as the service says who made or last changed it: by the id or descriptor of an account
-- that is joined to the person by its Entra object id (grade B), or, for an account that is in the organisation no more, by
-- the name that the service still shows (grade D). NULL: nobody whom this run is about. `actor` is the account as it was sent.

CREATE TABLE devops_organization (
  -- The organisations that were asked.
  id   TEXT,                     -- its id, by which federated subjects name it; NULL is a gap
  name TEXT NOT NULL
) STRICT;

CREATE TABLE devops_user (
  -- The accounts of these people, joined by the Entra object id that the service itself gives.
  id           TEXT PRIMARY KEY, -- devops:<organisation>/user/<descriptor>
  person       TEXT NOT NULL,
  organization TEXT NOT NULL,
  descriptor   TEXT NOT NULL,
  user_id      TEXT,             -- by which things say who made them
  name         TEXT,
  mail         TEXT,
  kind         TEXT              -- member, guest
) STRICT;

CREATE TABLE devops_entitlement (
  -- What licence each of these accounts has, and when it was last used.
  id             TEXT PRIMARY KEY,
  person         TEXT NOT NULL,
  organization   TEXT NOT NULL,
  licence        TEXT,
  status         TEXT,           -- active, disabled, none, pending, expired
  last_access_at TEXT            -- NULL: never
) STRICT;

CREATE TABLE devops_token (
  -- Personal access tokens and SSH keys of these people. Nobody is told when one was last used.
  id            TEXT PRIMARY KEY, -- devops:<organisation>/pat/<authorisation>, devops:<organisation>/ssh-key/<authorisation>
  person        TEXT NOT NULL,
  organization  TEXT NOT NULL,
  kind          TEXT NOT NULL,   -- pat, ssh-key
  name          TEXT,
  scopes        TEXT,
  valid         INTEGER,         -- 0: revoked
  valid_from_at TEXT,
  valid_to_at   TEXT
) STRICT;

CREATE TABLE devops_membership (
  -- The groups of these accounts, directly or through another group.
  id           TEXT PRIMARY KEY, -- devops:<organisation>/group/<descriptor>/member/<descriptor>
  person       TEXT NOT NULL,
  organization TEXT NOT NULL,
  name         TEXT,             -- [project]\group
  direct       INTEGER NOT NULL,
  administers  INTEGER           -- 1: it may change who may do what; NULL: the group did not tell its name
) STRICT;

CREATE TABLE devops_permission (
  -- Permissions that name one of these accounts and not a group.
  id           TEXT PRIMARY KEY, -- devops:<organisation>/permission/<namespace>/<token>/<descriptor>
  person       TEXT NOT NULL,
  organization TEXT NOT NULL,
  namespace    TEXT,             -- its name
  token        TEXT NOT NULL,    -- on what, as the namespace writes it
  allowed      TEXT,             -- the names of the actions, space-separated
  denied       TEXT
) STRICT;

CREATE TABLE devops_project (
  id           TEXT NOT NULL,    -- id of the project
  organization TEXT NOT NULL,
  name         TEXT
) STRICT;

CREATE TABLE devops_variable (
  -- Variables of variable groups, build and release definitions, by name. Never their values.
  id           TEXT PRIMARY KEY, -- devops:<organisation>/<project>/variable-group/<number>/<name> and the like
  organization TEXT NOT NULL,
  project      TEXT NOT NULL,
  project_name TEXT,
  place        TEXT NOT NULL,    -- variable-group, build, release
  holder       TEXT,             -- the name of the group or definition
  name         TEXT NOT NULL,
  secret       INTEGER NOT NULL, -- 1: its value is shown to nobody
  vault        TEXT,             -- the Key Vault that holds its value
  person       TEXT,             -- of the last change of the group or definition
  grade        TEXT,
  actor        TEXT,
  actor_name   TEXT,
  changed_at   TEXT,
  creator      TEXT              -- the person who made it, where it is one of these
) STRICT;

CREATE TABLE devops_literal (
  -- Credentials that stand in clear in variables, definitions and pipeline files. Never their values.
  id           TEXT NOT NULL,    -- thing, and the beginning of the fingerprint
  organization TEXT NOT NULL,
  project      TEXT,
  project_name TEXT,
  place        TEXT NOT NULL,    -- variable-group, build, release, file
  thing        TEXT NOT NULL,    -- the typed id of the variable or of the line
  holder_name  TEXT,             -- the name of the group, definition or repository
  path         TEXT,
  line         INTEGER,
  kind         TEXT NOT NULL,    -- from here on as of a sighting
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
  expires_at   TEXT,
  person       TEXT,             -- who last changed the group or definition, where it is one of these people
  actor_name   TEXT
) STRICT;

CREATE TABLE devops_connection (
  -- Service connections. A shared one stands under the project that owns it.
  id           TEXT PRIMARY KEY, -- devops:<organisation>/<project>/service-connection/<id>
  organization TEXT NOT NULL,
  project      TEXT NOT NULL,
  project_name TEXT,
  connection   TEXT NOT NULL,    -- its id
  name         TEXT,
  kind         TEXT,             -- azurerm, github, kubernetes …
  scheme       TEXT,             -- how it signs in: WorkloadIdentityFederation, ServicePrincipal, Token …
  issuer       TEXT,
  subject      TEXT,             -- of the federated credential that it satisfies
  app_id       TEXT,             -- of the application that it signs in as
  shared       TEXT,             -- the projects that may use it, where there are several
  ready        INTEGER,
  person       TEXT,             -- who made it, or changed it last
  grade        TEXT,
  actor        TEXT,
  actor_name   TEXT,
  deed         TEXT,             -- made, changed
  changed_at   TEXT
) STRICT;

CREATE TABLE devops_connection_use (
  -- Service connections that pipeline files name.
  id           TEXT NOT NULL,    -- devops:<organisation>/<project>/repo/<repository>/<path>:<line>
  organization TEXT NOT NULL,
  project      TEXT NOT NULL,
  connection   TEXT NOT NULL     -- its name or id, as the file writes it
) STRICT;

CREATE TABLE devops_pipeline (
  -- Build and release definitions.
  id            TEXT PRIMARY KEY, -- devops:<organisation>/<project>/build/<number>, …/release/<number>
  organization  TEXT NOT NULL,
  project       TEXT NOT NULL,
  project_name  TEXT,
  kind          TEXT NOT NULL,   -- build, release
  number        TEXT NOT NULL,
  name          TEXT,
  enabled       INTEGER,         -- 0: it takes no runs; NULL: it does not say
  file          TEXT,            -- the YAML file that says what it does
  schedule      TEXT,            -- when it runs by itself; NULL: it does not
  person        TEXT,            -- as whom its scheduled runs run
  grade         TEXT,            -- A: the last scheduled run says so; B: whoever last saved it; D: by name
  actor         TEXT,
  actor_name    TEXT,
  last_run_at   TEXT
) STRICT;

CREATE TABLE devops_approver (
  -- Whom stages of release definitions wait for.
  id           TEXT NOT NULL,    -- devops:<organisation>/<project>/release/<number>/<stage>
  organization TEXT NOT NULL,
  project      TEXT NOT NULL,
  project_name TEXT,
  pipeline     TEXT,
  stage        TEXT,
  moment       TEXT NOT NULL,    -- before, after
  others       INTEGER,          -- other approvers of the same stage
  person       TEXT,
  grade        TEXT,
  actor        TEXT,
  actor_name   TEXT
) STRICT;

CREATE TABLE devops_secure_file (
  -- Files that pipelines are given: keys, certificates, settings. Nobody is shown what is in them.
  id           TEXT PRIMARY KEY, -- devops:<organisation>/<project>/secure-file/<id>
  organization TEXT NOT NULL,
  project      TEXT NOT NULL,
  project_name TEXT,
  name         TEXT,
  person       TEXT,             -- who put it there, or changed it last
  grade        TEXT,
  actor        TEXT,
  actor_name   TEXT,
  deed         TEXT,             -- made, changed
  changed_at   TEXT
) STRICT;

CREATE TABLE devops_pool (
  -- Pools of agents.
  id           TEXT PRIMARY KEY, -- devops:<organisation>/pool/<number>
  organization TEXT NOT NULL,
  pool_id      TEXT NOT NULL,
  name         TEXT,
  kind         TEXT,             -- automation, deployment: of a deployment group
  hosted       INTEGER,          -- 1: machines of the service, made for one job
  elastic      INTEGER           -- 1: made from a scale set
) STRICT;

CREATE TABLE devops_agent (
  -- Agents of pools that are not hosted. No list says who registered one: the audit log has to.
  id           TEXT PRIMARY KEY, -- devops:<organisation>/pool/<number>/agent/<number>
  organization TEXT NOT NULL,
  pool_id      TEXT NOT NULL,
  pool         TEXT,
  agent_id     TEXT NOT NULL,
  name         TEXT,
  online       INTEGER,
  enabled      INTEGER,
  created_at   TEXT,
  elastic      INTEGER,          -- 1: made from the image of a scale set
  variables    INTEGER,          -- how many it uploads; NULL: the answer did not say
  hidden       TEXT              -- the names that it was told not to upload
) STRICT;

CREATE TABLE devops_agent_job (
  -- The last job of each agent, and for whom it ran: only the run that it belongs to tells.
  agent        TEXT NOT NULL,    -- devops_agent.id
  organization TEXT NOT NULL,
  project      TEXT,
  build        TEXT,             -- the number of the run; NULL: a job of a release, which has none
  at           TEXT,
  person       TEXT,
  grade        TEXT,
  actor        TEXT,
  actor_name   TEXT
) STRICT;

CREATE TABLE devops_agent_literal (
  -- Credentials in what agents upload: their environment as it was when they started, without values of 1,024 characters
  -- or more and without what they were told to leave out. Never their values.
  id           TEXT NOT NULL,
  organization TEXT NOT NULL,
  agent        TEXT NOT NULL,    -- devops_agent.id
  thing        TEXT NOT NULL,    -- devops:<organisation>/pool/<number>/agent/<number>/<name>
  pool         TEXT,
  agent_name   TEXT,
  kind         TEXT NOT NULL,    -- from here on as of a sighting
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

CREATE TABLE devops_event (
  -- The audit log of 90 days: what these people did, and every agent that was registered.
  id           TEXT NOT NULL,
  organization TEXT NOT NULL,
  at           TEXT NOT NULL,
  action       TEXT NOT NULL,
  person       TEXT,
  grade        TEXT,
  actor        TEXT,
  actor_name   TEXT,
  project      TEXT,
  agent_name   TEXT,
  pool         TEXT
) STRICT;

CREATE VIEW devops_literal_owner AS
  -- Which of the people a credential in a variable, a definition or a file belongs to; as sighting_owner.
  SELECT DISTINCT identity.person AS person, literal.id AS literal
  FROM   devops_literal AS literal
  JOIN   identity
    ON   (literal.owner_kind = 'entra' AND identity.kind = 'entra' AND identity.id = literal.owner_id COLLATE NOCASE)
    OR   (literal.owner_kind IN ('entra', 'mail') AND identity.kind IN ('upn', 'mail')
          AND identity.name = literal.owner_name COLLATE NOCASE)
    OR   (literal.owner_kind = identity.kind AND identity.name = literal.owner_name COLLATE NOCASE)
    OR   (literal.owner_kind IN ('login', 'ssh-comment', 'npm', 'docker', 'pypi')
          AND names_person(literal.owner_name, identity.name));

CREATE VIEW devops_agent_literal_owner AS
  -- The same of what agents upload.
  SELECT DISTINCT identity.person AS person, literal.id AS literal
  FROM   devops_agent_literal AS literal
  JOIN   identity
    ON   (literal.owner_kind = 'entra' AND identity.kind = 'entra' AND identity.id = literal.owner_id COLLATE NOCASE)
    OR   (literal.owner_kind IN ('entra', 'mail') AND identity.kind IN ('upn', 'mail')
          AND identity.name = literal.owner_name COLLATE NOCASE)
    OR   (literal.owner_kind = identity.kind AND identity.name = literal.owner_name COLLATE NOCASE)
    OR   (literal.owner_kind IN ('login', 'ssh-comment', 'npm', 'docker', 'pypi')
          AND names_person(literal.owner_name, identity.name));

CREATE VIEW devops_principal AS
  -- Which principal each service connection signs in as: by the credential that it satisfies, or by its application.
  SELECT connection.id AS connection, trusted.principal AS principal, trusted.subject AS via
  FROM   devops_connection AS connection
  JOIN   trusted ON trusted.exactly = connection.subject AND trusted.issuer = connection.issuer
  WHERE  trusted.principal IS NOT NULL
  UNION
  SELECT connection.id, known.id, connection.id
  FROM   devops_connection AS connection
  JOIN   (SELECT id, app_id FROM service_principal
          UNION
          SELECT principal, client_id FROM managed_identity WHERE principal IS NOT NULL) AS known
    ON   known.app_id = connection.app_id COLLATE NOCASE;

CREATE VIEW devops_registration AS
  -- Who registered an agent that is still there, as far as the audit log reaches.
  SELECT agent.id AS agent, event.person AS person, event.at AS at, event.actor_name AS actor_name, event.grade AS grade,
         account.name AS account
  FROM   devops_agent AS agent
  JOIN   devops_event AS event
    ON   event.organization = agent.organization
    AND  event.action = 'Library.AgentAdded'
    AND  event.agent_name = agent.name COLLATE NOCASE
    AND  (event.pool IS NULL OR event.pool = agent.pool COLLATE NOCASE)
    -- The event is written when the agent is made; one of the same name that was made later is another.
    AND  (agent.created_at IS NULL OR abs(days_between(event.at, agent.created_at)) <= 1)
  LEFT JOIN devops_user AS account ON account.person = event.person AND account.organization = event.organization;

CREATE VIEW devops_reach AS
  -- The service connections that these people can still make jobs use, and how.
  SELECT connection.person AS person, connection.id AS connection, 'service connection that they made or changed' AS path
  FROM   devops_connection AS connection
  LEFT JOIN devops_user AS account ON account.person = connection.person AND account.organization = connection.organization
  WHERE  connection.person IS NOT NULL
  UNION
  SELECT pipeline.person, connection.id, 'scheduled pipeline that runs as them'
  FROM   devops_pipeline AS pipeline
  JOIN   devops_connection AS connection
    ON   connection.organization = pipeline.organization AND connection.project = pipeline.project
  WHERE  pipeline.person IS NOT NULL AND pipeline.schedule IS NOT NULL AND ifnull(pipeline.enabled, 1) = 1
  UNION
  -- Whoever holds the machine of an agent holds what its jobs are given.
  SELECT registration.person, connection.id, 'agent that they registered'
  FROM   devops_registration AS registration
  JOIN   devops_agent_job AS job ON job.agent = registration.agent
  JOIN   devops_connection AS connection
    ON   connection.organization = job.organization AND connection.project = job.project
  WHERE  registration.person IS NOT NULL;
