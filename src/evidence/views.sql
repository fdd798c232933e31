-- What follows from the tables and several checks need. A check that reads a view depends on every table below it.

CREATE VIEW azure_power AS
  -- What a principal may do in Azure, in words.
  SELECT held.principal AS principal,
         printf('%d Azure %s: %s', count(*), iif(count(*) = 1, 'role', 'roles'),
                substr(group_concat(held.role, '; '), 1, 500)) AS roles
  FROM   (SELECT lower(principal) AS principal,
                 printf('%s on %s', ifnull(role_name, role), ifnull(scope, 'an unknown scope')) AS role
          FROM   role_assignment
          ORDER BY lower(principal), scope, role, id) AS held
  GROUP BY held.principal;

CREATE VIEW workload AS
  -- Applications and managed identities with the service principal that they act as. NULL: none is known.
  SELECT managed_identity.id AS object, managed_identity.principal AS principal
  FROM   managed_identity
  UNION ALL
  SELECT application.id, service_principal.id
  FROM   application
  LEFT JOIN service_principal ON service_principal.app_id = application.app_id COLLATE NOCASE;

CREATE VIEW trusted AS
  -- Each federated credential with its typed id and the principal behind it.
  SELECT CASE credential.object_kind
              WHEN 'application'      THEN printf('entra:application/%s/federated/%s', credential.object, credential.id)
              WHEN 'managed-identity' THEN printf('azure:%s/federated/%s', credential.object,
                                                  ifnull(credential.name, credential.id))
         END                    AS subject,
         credential.object      AS object,
         credential.name        AS name,
         ifnull(credential.object_name, credential.object) AS object_name,
         credential.issuer      AS issuer,
         credential.issuer_kind AS issuer_kind,
         credential.owner       AS owner,
         credential.owner_id    AS owner_id,
         credential.repository  AS repository,
         credential.repository_id AS repository_id,
         credential.scope       AS scope,
         credential.subject     AS exactly,     -- the one token subject that it accepts
         credential.expression  AS expression,  -- or what it accepts instead
         coalesce(credential.expression, credential.subject, 'something that is not shown') AS trusts,
         workload.principal     AS principal
  FROM   federated_credential AS credential
  LEFT JOIN workload ON workload.object = credential.object COLLATE NOCASE;

CREATE VIEW trust AS
  -- The same, and what the identity can do.
  SELECT trusted.subject, trusted.object, trusted.name, trusted.object_name, trusted.issuer, trusted.issuer_kind,
         trusted.owner, trusted.owner_id, trusted.repository, trusted.repository_id, trusted.scope, trusted.exactly,
         trusted.expression, trusted.trusts, trusted.principal,
         iif(trusted.principal IS NULL, 'not known: no service principal was found for it',
             ifnull(azure_power.roles, 'no Azure role assignment was seen')) AS can
  FROM   trusted
  LEFT JOIN azure_power ON azure_power.principal = lower(trusted.principal);

CREATE VIEW federated_trust AS
  -- What each federated credential has to do with each person, by the grammar of its issuer. One row per person and
  -- place where it names them; a row without a person: anybody can satisfy it, or it cannot be told who can.
  SELECT json_extract(judged.value, '$[0]') AS person,
         json_extract(judged.value, '$[1]') AS place,     -- owner, actor, workflow, repository, branch, tag, environment, text
         json_extract(judged.value, '$[2]') AS likeness,  -- exact, other-case, same-number, other-number
         json_extract(judged.value, '$[3]') AS reach,     -- yes: they can obtain a token that it accepts; no; unknown
         json_extract(judged.value, '$[4]') AS witness,   -- the subject of such a token
         json_extract(judged.value, '$[5]') AS doubt,     -- why it is unknown
         trust.subject     AS subject,
         trust.object      AS object,
         trust.object_name AS object_name,
         trust.owner_id    AS owner_id,
         trust.expression  AS expression,
         trust.trusts      AS trusts,
         trust.principal   AS principal,
         trust.can         AS can
  FROM   trust
  CROSS JOIN json_each(federated_judgements(trust.issuer, trust.exactly, trust.expression,
                                            (SELECT json_group_array(json_array(identity.person, identity.kind, identity.name,
                                                                                identity.id))
                                             FROM   identity))) AS judged;

CREATE VIEW sighting_owner AS
  -- Which of the people a credential belongs to: by the id or name that its issuer or the tool that keeps it gave,
  -- and by a bare user name only where nothing says in which system.
  SELECT DISTINCT identity.person AS person, sighting.id AS sighting
  FROM   sighting
  JOIN   identity
    ON   (sighting.owner_kind = 'entra' AND identity.kind = 'entra' AND identity.id = sighting.owner_id COLLATE NOCASE)
    OR   (sighting.owner_kind IN ('entra', 'mail') AND identity.kind IN ('upn', 'mail')
          AND identity.name = sighting.owner_name COLLATE NOCASE)
    OR   (sighting.owner_kind = identity.kind AND identity.name = sighting.owner_name COLLATE NOCASE)
    OR   (sighting.owner_kind IN ('login', 'ssh-comment', 'npm', 'docker', 'pypi')
          AND names_person(sighting.owner_name, identity.name));

CREATE VIEW readable AS
  -- Which runners can read a credential of their host.
  SELECT id AS sighting, runner AS runner
  FROM   sighting
  WHERE  runner IS NOT NULL
  UNION
  SELECT sighting.id, runner_read.runner
  FROM   runner_read
  JOIN   sighting ON sighting.id = runner_read.thing;

CREATE VIEW own_runner AS
  -- Runners that are a person's: they run as that account or from its files, serve the person's own GitHub account, or
  -- can read a credential of the person.
  SELECT identity.person AS person, runner.id AS runner
  FROM   runner
  JOIN   identity
    ON   (identity.kind IN ('upn', 'mail', 'github', 'devops')
          AND (names_person(runner.service_user, identity.name) OR names_person(runner.file_owner, identity.name)))
    OR   (identity.kind = 'github' AND identity.name <> ''
          -- The account is what follows the host: https://host/account/repository.
          AND instr(lower(substr(runner.server, instr(runner.server, '://') + 3)) || '/', '/' || lower(identity.name) || '/')
              = instr(substr(runner.server, instr(runner.server, '://') + 3), '/'))
  UNION
  SELECT sighting_owner.person, readable.runner
  FROM   sighting_owner
  JOIN   readable ON readable.sighting = sighting_owner.sighting;

CREATE VIEW reach AS
  -- Every principal through which a person can still act, and the path that leads there.
  SELECT account.person AS person, account.id AS principal, 'own account' AS path, printf('entra:user/%s', account.id) AS via
  FROM   account
  UNION
  SELECT event.person, ifnull(workload.principal, credential.object), 'secret or certificate that they added',
         printf('entra:%s/%s/credential/%s', credential.object_kind, credential.object, credential.key_id)
  FROM   credential_event AS event
  JOIN   credential ON credential.object = event.object COLLATE NOCASE AND credential.key_id = event.key_id COLLATE NOCASE
  LEFT JOIN workload ON workload.object = credential.object COLLATE NOCASE
  WHERE  event.change = 'added' AND (credential.object_kind = 'service-principal' OR workload.principal IS NOT NULL)
  UNION
  SELECT person.id, trust.principal, 'federated credential that they satisfy', trust.subject
  FROM   federated_trust AS trust
  CROSS JOIN person ON trust.person IS NULL OR trust.person = person.id  -- CROSS: each credential is judged once
  WHERE  trust.reach = 'yes' AND trust.principal IS NOT NULL
  UNION
  SELECT own_runner.person, principal.id, 'credential on a runner of theirs', sighting.id
  FROM   own_runner
  JOIN   readable ON readable.runner = own_runner.runner
  JOIN   sighting ON sighting.id = readable.sighting AND sighting.owner_kind = 'application'
  JOIN   (SELECT id, app_id FROM service_principal
          UNION
          SELECT principal, client_id FROM managed_identity WHERE principal IS NOT NULL) AS principal
    ON   principal.app_id = sighting.owner_id COLLATE NOCASE
  UNION
  SELECT hold.person, trust.principal, hold.path, trust.subject
  FROM   github_trust AS trust
  JOIN   github_hold AS hold ON hold.repository_id = trust.repository_id
  UNION
  SELECT devops_reach.person, principal.principal, devops_reach.path, principal.via
  FROM   devops_reach
  JOIN   devops_principal AS principal ON principal.connection = devops_reach.connection;

CREATE VIEW github_leaver AS
  -- The GitHub accounts of these people.
  SELECT identity.person AS person, identity.name AS login, replace(identity.id, 'github:user/', '') AS user_id
  FROM   identity
  WHERE  identity.kind = 'github';

CREATE VIEW github_literal_owner AS
  -- Which of the people a credential in a variable or a workflow belongs to; as sighting_owner.
  SELECT DISTINCT identity.person AS person, literal.id AS literal
  FROM   github_literal AS literal
  JOIN   identity
    ON   (literal.owner_kind = 'entra' AND identity.kind = 'entra' AND identity.id = literal.owner_id COLLATE NOCASE)
    OR   (literal.owner_kind IN ('entra', 'mail') AND identity.kind IN ('upn', 'mail')
          AND identity.name = literal.owner_name COLLATE NOCASE)
    OR   (literal.owner_kind = identity.kind AND identity.name = literal.owner_name COLLATE NOCASE)
    OR   (literal.owner_kind IN ('login', 'ssh-comment', 'npm', 'docker', 'pypi')
          AND names_person(literal.owner_name, identity.name));

CREATE VIEW azure_literal_owner AS
  -- Which of the people a credential in the definition of a container belongs to; as sighting_owner.
  SELECT DISTINCT identity.person AS person, literal.id AS literal
  FROM   azure_literal AS literal
  JOIN   identity
    ON   (literal.owner_kind = 'entra' AND identity.kind = 'entra' AND identity.id = literal.owner_id COLLATE NOCASE)
    OR   (literal.owner_kind IN ('entra', 'mail') AND identity.kind IN ('upn', 'mail')
          AND identity.name = literal.owner_name COLLATE NOCASE)
    OR   (literal.owner_kind = identity.kind AND identity.name = literal.owner_name COLLATE NOCASE)
    OR   (literal.owner_kind IN ('login', 'ssh-comment', 'npm', 'docker', 'pypi')
          AND names_person(literal.owner_name, identity.name));

CREATE VIEW github_hold AS
  -- Repositories in whose jobs these people still have a hand, and how: they can push to them, a schedule runs as them,
  -- or a runner is there that took their jobs.
  SELECT hold.person AS person, repository.id AS repository_id, hold.path AS path
  FROM   (SELECT leaver.person AS person, every.organization AS organization, every.repository AS repository,
                 'repository that they can push to' AS path
          FROM   github_leaver AS leaver
          -- CROSS: the people first. A team of everybody times all its repositories is more than memory holds.
          CROSS JOIN github_membership AS member ON same_account(leaver.login, leaver.user_id, member.login, member.user_id)
          LEFT JOIN github_organization AS organization ON organization.name = member.organization COLLATE NOCASE
          CROSS JOIN github_repository AS every ON every.organization = member.organization COLLATE NOCASE
          WHERE  ifnull(member.state, 'active') = 'active'
          AND    (member.role = 'admin' OR organization.member_role IN ('write', 'admin'))
          UNION
          SELECT leaver.person, access.organization, access.repository, 'repository that they can push to'
          FROM   github_leaver AS leaver
          CROSS JOIN github_access AS access ON same_account(leaver.login, leaver.user_id, access.login, access.user_id)
          WHERE  ifnull(access.role, 'unknown') NOT IN ('read', 'triage')
          UNION
          SELECT leaver.person, access.organization, access.repository, 'repository that they can push to'
          FROM   github_leaver AS leaver
          CROSS JOIN github_team_membership AS member ON same_account(leaver.login, leaver.user_id, member.login, member.user_id)
          CROSS JOIN github_team_access AS access ON access.organization = member.organization AND access.team = member.team
          WHERE  ifnull(access.role, 'unknown') NOT IN ('read', 'triage')
          UNION
          SELECT schedule.person, schedule.organization, schedule.repository, 'scheduled workflow that runs as them'
          FROM   github_schedule AS schedule
          WHERE  ifnull(schedule.id_token, 1) = 1
          UNION
          SELECT job.person, job.organization, job.repository, 'runner that takes their jobs'
          FROM   github_runner_job AS job) AS hold
  JOIN   github_repository AS repository
    ON   repository.organization = hold.organization COLLATE NOCASE
    AND  repository.repository = hold.repository COLLATE NOCASE
  WHERE  ifnull(repository.archived, 0) = 0;

CREATE VIEW github_trust AS
  -- Which of our repositories each federated credential accepts, as far as their owner, name and numbers tell.
  SELECT trusted.subject AS subject, trusted.principal AS principal, repository.id AS repository_id
  FROM   trusted
  JOIN   github_repository AS repository
    ON   (trusted.owner IS NULL OR lower(repository.organization) GLOB lower(trusted.owner))
    AND  (trusted.owner_id IS NULL OR trusted.owner_id = repository.owner_id)
    AND  (trusted.repository IS NULL OR lower(repository.repository) GLOB lower(trusted.repository))
    AND  (trusted.repository_id IS NULL OR trusted.repository_id = repository.id)
  WHERE  trusted.issuer_kind = 'github'
  AND    trusted.principal IS NOT NULL
  AND    (trusted.repository IS NOT NULL OR trusted.repository_id IS NOT NULL OR trusted.scope = 'organization')
  AND    coalesce(trusted.owner, trusted.owner_id, trusted.repository_id) IS NOT NULL;

CREATE VIEW github_schedule AS
  -- Scheduled workflows that still run as one of these people.
  SELECT leaver.person AS person, workflow.id AS workflow, workflow.organization AS organization,
         workflow.repository AS repository, workflow.path AS path, workflow.schedule AS schedule,
         workflow.self_hosted AS self_hosted, workflow.runs_on AS runs_on, workflow.id_token AS id_token,
         workflow.secrets AS secrets, actor.login AS login, actor.last_run_at AS last_run_at
  FROM   github_leaver AS leaver
  JOIN   github_schedule_actor AS actor ON same_account(leaver.login, leaver.user_id, actor.login, actor.user_id)
  JOIN   github_workflow AS workflow ON workflow.id = actor.workflow
  WHERE  ifnull(workflow.state, 'active') = 'active' AND ifnull(workflow.scheduled, 1) = 1;

CREATE VIEW github_runner_job AS
  -- Self-hosted runners that are there to take jobs, and the newest job of one of these people that each has taken.
  SELECT leaver.person AS person, runner.id AS runner, runner.name AS name, runner.status AS status, runner.labels AS labels,
         job.organization AS organization, job.repository AS repository, job.path AS path, max(job.at) AS at
  FROM   github_leaver AS leaver
  JOIN   github_job AS job ON same_account(leaver.login, leaver.user_id, job.login, job.user_id)
  JOIN   github_runner AS runner
    ON   runner.organization = job.organization COLLATE NOCASE
    AND  runner.runner_id = job.runner_id
    AND  (runner.repository IS NULL OR runner.repository = job.repository COLLATE NOCASE)
    AND  (runner.name IS NULL OR job.runner IS NULL OR runner.name = job.runner)
  GROUP BY leaver.person, runner.id, job.organization, job.repository, job.path;

CREATE VIEW github_setting_event AS
  -- Events in which one of these people set a secret or a variable: the newest of each.
  SELECT leaver.person AS person, event.organization AS organization, event.repository AS repository,
         event.environment AS environment, substr(event.action, 1, instr(event.action, '.') - 1) AS level,  -- org, repo, environment
         iif(event.action LIKE '%variable', 'variable', 'secret') AS kind, event.name AS name,
         event.product AS product,
         iif(event.action LIKE '%integration%', 1, 0) AS integration,
         max(event.at) AS at, event.actor AS actor, event.token_name AS token_name
  FROM   github_leaver AS leaver
  JOIN   github_event AS event ON same_account(leaver.login, leaver.user_id, event.actor, event.actor_id)
  WHERE  event.action IN ('org.create_actions_secret', 'org.update_actions_secret', 'repo.create_actions_secret',
                          'repo.update_actions_secret', 'environment.create_actions_secret', 'environment.update_actions_secret',
                          'org.create_actions_variable', 'org.update_actions_variable', 'repo.create_actions_variable',
                          'repo.update_actions_variable', 'environment.create_actions_variable',
                          'environment.update_actions_variable', 'org.create_integration_secret', 'org.update_integration_secret',
                          'repo.create_integration_secret', 'repo.update_integration_secret')
  GROUP BY leaver.person, event.organization, event.repository, event.environment, 5, 6, event.name, event.product, 9;

CREATE VIEW caller AS
  -- Who in the logs acts for whom: the principals of `reach`, and the names of the person where a record has no principal.
  -- One row per person, principal and name. `sure` is 0 where only the name is theirs and the object id somebody else's.
  WITH seen AS MATERIALIZED (
         SELECT principal, caller_name FROM tool_call_hour
         UNION
         SELECT principal, caller_name FROM last_activity),
       sought AS (
         SELECT principal AS key, 0 AS by_name, principal, caller_name FROM seen
         UNION ALL
         SELECT lower(caller_name), 1, principal, caller_name FROM seen),
       way AS (
         SELECT person, lower(principal) AS key, 0 AS by_name, path, via FROM reach
         UNION ALL
         SELECT person, lower(name), 1, 'name', name FROM identity WHERE kind IN ('upn', 'mail')),
       found AS (
         -- An object id tells more than a name, and the own account more than any other way; alike ones by the alphabet.
         SELECT way.person, sought.principal, sought.caller_name, way.path, way.via,
                min(printf('%d%d %s %s', way.by_name, way.path <> 'own account', way.path, way.via)) AS first
         FROM   sought
         JOIN   way ON way.key = sought.key AND way.by_name = sought.by_name
         GROUP BY way.person, sought.principal, sought.caller_name)
  SELECT found.person      AS person,
         found.principal   AS principal,
         found.caller_name AS caller_name,
         CASE WHEN found.principal IS NULL           THEN printf('logs:caller/%s', lower(found.caller_name))
              WHEN found.path IN ('own account', 'name') THEN printf('entra:user/%s', found.principal)
              WHEN found.path NOT IN ('own account', 'name') THEN printf('entra:service-principal/%s', found.principal)
         END               AS subject,
         found.path IN ('own account', 'name')             AS own,
         found.path <> 'name' OR found.principal IS NULL   AS sure,
         CASE found.path WHEN 'own account' THEN 'A'
                         WHEN 'federated credential that they satisfy' THEN 'B'
                         WHEN 'repository that they can push to' THEN 'B'
                         WHEN 'scheduled workflow that runs as them' THEN 'B'
                         WHEN 'secret or certificate that they added' THEN 'C'
                         WHEN 'runner that takes their jobs' THEN 'C'
                         WHEN 'credential on a runner of theirs' THEN 'D'
                         WHEN 'name' THEN 'D'
         END               AS grade,
         CASE WHEN found.path = 'own account'     THEN printf('their own account (%s)', found.principal)
              WHEN found.principal IS NULL        THEN printf('%s (a name in the log, without object id)', found.caller_name)
              WHEN found.path = 'name'            THEN printf('%s (a name in the log, with the object id %s of somebody else)', found.caller_name, found.principal)
              WHEN found.caller_name IS NULL      THEN printf('%s, a principal without user name,', ifnull(service_principal.name, found.principal))
              WHEN found.caller_name IS NOT NULL  THEN printf('%s (%s)', ifnull(service_principal.name, found.principal), found.caller_name)
         END               AS called,
         CASE WHEN found.path = 'own account' THEN 'it is their own account'
              WHEN found.path = 'name'        THEN 'only the name says so'
              WHEN found.path <> 'name'       THEN printf('they can act through it: %s (%s)', found.path, found.via)
         END               AS path
  FROM   found
  LEFT JOIN service_principal ON service_principal.id = found.principal COLLATE NOCASE;

CREATE VIEW log_overlap AS
  -- An exported log and the workspace that it came from hold the same calls. Of a caller's hour on a
  -- server that both hold, the one that counts fewer calls is left out, and of equal ones the exported.
  SELECT principal AS principal, caller_name AS caller_name, server AS server, hour_at AS hour_at,
         sum(iif(exported, calls, 0)) <= sum(iif(exported, 0, calls)) AS exported
  FROM   (SELECT ifnull(principal, '') AS principal, ifnull(caller_name, '') AS caller_name, ifnull(server, '') AS server, hour_at, calls,
                 source NOT LIKE 'logs:%' AS exported
          FROM   tool_call_hour
          WHERE  (SELECT count(DISTINCT source LIKE 'logs:%') FROM log_table) > 1)
  GROUP BY 1, 2, 3, 4
  HAVING max(exported) > min(exported);

CREATE VIEW distinct_call_hour AS
  -- tool_call_hour without what two logs tell twice.
  SELECT *
  FROM   tool_call_hour
  WHERE  (ifnull(principal, ''), ifnull(caller_name, ''), ifnull(server, ''), hour_at, source NOT LIKE 'logs:%') NOT IN
         (SELECT principal, caller_name, server, hour_at, exported FROM log_overlap);

CREATE VIEW distinct_call AS
  -- tool_call without what two logs tell twice.
  SELECT *
  FROM   tool_call
  WHERE  (ifnull(principal, ''), ifnull(caller_name, ''), ifnull(server, ''), substr(at, 1, 13) || ':00:00Z', source NOT LIKE 'logs:%') NOT IN
         (SELECT principal, caller_name, server, hour_at, exported FROM log_overlap);

CREATE VIEW activity AS
  -- The counted calls of everybody who acts for a person.
  SELECT caller.person AS person, caller.subject AS subject, caller.own AS own, caller.sure AS sure, caller.grade AS grade,
         caller.called AS called, caller.path AS path, hour.source AS source, hour.hour_at AS hour_at, hour.server AS server,
         hour.tool AS tool, hour.scope AS scope, hour.directory AS directory, hour.status AS status, hour.calls AS calls,
         hour.resources AS resources, hour.first_at AS first_at, hour.last_at AS last_at
  FROM   caller
  JOIN   distinct_call_hour AS hour ON hour.principal IS caller.principal AND hour.caller_name IS caller.caller_name;

CREATE VIEW worked_hour AS
  -- The hours in which a person's own account made calls before the last day was over, by the clock of the organisation.
  SELECT worked.person AS person, worked.subject AS subject, worked.ends_at AS ends_at, worked.hour_at AS hour_at,
         worked.calls AS calls, substr(local_time(worked.first_at, zone), 1, 10) AS day,
         outside_working_hours(worked.first_at, zone, starts, ends) AS outside
  FROM   (SELECT activity.person, activity.subject, last_day.ends_at, activity.hour_at,
                 sum(activity.calls) AS calls, min(activity.first_at) AS first_at
          FROM   activity
          JOIN   last_day ON last_day.person = activity.person
          WHERE  activity.own = 1 AND activity.sure = 1
          AND    activity.first_at < last_day.ends_at
          GROUP BY activity.person, activity.subject, activity.hour_at) AS worked
  JOIN   organization_time;

CREATE VIEW log_hole AS
  -- Silences that are not like the nights and weekends before: nobody worked then, or nothing was written.
  SELECT silence.source AS source, silence.from_at AS from_at, silence.until_at AS until_at
  FROM   log_silence AS silence
  WHERE  (silence.per_million < 100
          OR seconds(silence.until_at) - seconds(silence.from_at) >= iif(silence.per_million IS NULL, 24, 168) * 3600)
  AND    silence.source NOT IN (SELECT source FROM log_table WHERE last_at IS NULL);

CREATE VIEW log_blind AS
  -- What a log cannot tell: a check that finds nothing in it has not looked. lacks NULL: it cannot tell anything, or
  -- nothing of some hours; until_at is then the end of the last of them.
  SELECT source AS source, NULL AS lacks,
         printf('no caller at all left a record in it from %s to %s', from_at, until_at) AS reason, NULL AS until_at
  FROM   log_table
  WHERE  last_at IS NULL OR records = 0
  UNION ALL
  SELECT source, lacks, printf('its records have no %s', replace(lacks, ' ', ', ')), NULL
  FROM   log_table
  WHERE  lacks <> ''
  UNION ALL
  SELECT source, NULL,
         printf('no caller at all left a record in it %s%s, unlike before: nobody worked, or nothing was written',
                group_concat(iif(place <= 10, printf('from %s to %s', from_at, until_at), NULL), ', '),
                iif(count(*) > 10, printf(' and %d times more', count(*) - 10), '')),
         max(until_at)
  FROM   (SELECT source, from_at, until_at, row_number() OVER (PARTITION BY source ORDER BY from_at) AS place FROM log_hole)
  GROUP BY source;
