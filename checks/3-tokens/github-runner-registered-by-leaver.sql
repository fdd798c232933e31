/*
title    = "A self-hosted runner was probably registered by the leaver"
proven   = "No self-hosted runner was registered by the leaver"
severity = "high"
why      = "A runner is a machine of whoever registered it: it takes jobs with their secrets for as long as it runs. This is how the incident began. GitHub does not say who registered a runner, so this is a guess by the minute."
fix      = "Look at the machine, and take an image of it as evidence. If it was the leaver's, remove the runner: jobs for its labels wait until another takes them. Then wipe the machine, which goes on running whatever else it was given."
action   = "remove-github-runner"
controls = { nist = ["PS-4", "AC-2(3)", "CM-8"], iso27001 = ["A.5.9", "A.5.18"], soc2 = ["CC6.1"], cis = ["6.2"], owasp-nhi = ["NHI1:2025", "NHI6:2025"] }

[params]
minutes  = 10             # between the registration and the first time that the runner is online
*/
SELECT registration.person     AS person,
       coalesce(runner.id, printf('github:org/%s/runner-registration/%s', registration.organization, registration.id)) AS subject,
       CASE WHEN runner.id IS NOT NULL THEN 'fail'
       END                     AS status,
       CASE WHEN runner.status = 'online' THEN 'critical'
       END                     AS severity,
       CASE WHEN runner.id IS NOT NULL THEN
                 printf('a guess: %s registered a runner of %s, and %s, which is %s, came online %d seconds later', registration.actor,
                        registration.place, ifnull(runner.name, runner.runner_id), ifnull(runner.status, 'in an unknown state'), runner.delay)
            ELSE printf('%s registered a runner of %s, and the log does not show which', registration.actor, registration.place)
       END                     AS reason,
       'D'                     AS grade,
       registration.actor      AS actor,
       registration.at         AS seen_at,
       runner.labels           AS labels
FROM   (SELECT leaver.person AS person, event.id AS id, event.organization AS organization, event.repository AS repository,
               ifnull(event.organization || '/' || event.repository, event.organization) AS place, event.actor AS actor, event.at AS at
        FROM   github_leaver AS leaver
        JOIN   github_event AS event ON same_account(leaver.login, leaver.user_id, event.actor, event.actor_id)
        WHERE  event.action IN ('org.register_self_hosted_runner', 'repo.register_self_hosted_runner',
                                'org.configure_self_hosted_jit_runner', 'repo.configure_self_hosted_jit_runner')) AS registration
LEFT JOIN (SELECT runner.id AS id, runner.organization AS organization, runner.repository AS repository, runner.name AS name,
                  runner.runner_id AS runner_id, runner.status AS status, runner.labels AS labels,
                  min(online.at) AS first_at, registered.id AS registration, seconds_between(registered.at, min(online.at)) AS delay
           FROM   github_runner AS runner
           JOIN   github_event AS online
             ON   online.action IN ('org.self_hosted_runner_online', 'repo.self_hosted_runner_online')
             AND  online.organization = runner.organization COLLATE NOCASE
             AND  online.thing_id = runner.runner_id
           JOIN   github_event AS registered
             ON   registered.action IN ('org.register_self_hosted_runner', 'repo.register_self_hosted_runner',
                                        'org.configure_self_hosted_jit_runner', 'repo.configure_self_hosted_jit_runner')
             AND  registered.organization = runner.organization COLLATE NOCASE
             AND  registered.repository IS runner.repository
           GROUP BY runner.id, registered.id) AS runner
  ON   runner.registration = registration.id AND runner.delay BETWEEN 0 AND :minutes * 60
-- A registration of a runner that is gone says nothing; one without any runner that came online stays open for a day.
WHERE  runner.id IS NOT NULL OR days_between(registration.at, :now) < 1
UNION ALL
-- A runner has no date and no registrant: only a registration by somebody, shortly before it first came online, says who did it.
-- One that is made for a job is gone within a day, so a log without a registration by the leaver says enough.
SELECT NULL, runner.id, NULL, NULL,
       printf('no registration in the log explains %s, which is %s: ask who runs this machine, or register it again',
              ifnull(runner.name, runner.runner_id), ifnull(runner.status, 'in an unknown state')),
       NULL, NULL, NULL, runner.labels
FROM   github_runner AS runner
WHERE  ifnull(runner.ephemeral, 0) = 0
AND    NOT EXISTS (
         SELECT 1
         FROM   (SELECT min(online.at) AS first_at
                 FROM   github_event AS online
                 WHERE  online.action IN ('org.self_hosted_runner_online', 'repo.self_hosted_runner_online')
                 AND    online.organization = runner.organization COLLATE NOCASE
                 AND    online.thing_id = runner.runner_id) AS came
         JOIN   github_event AS registered
           ON   registered.action IN ('org.register_self_hosted_runner', 'repo.register_self_hosted_runner',
                                      'org.configure_self_hosted_jit_runner', 'repo.configure_self_hosted_jit_runner')
           AND  registered.organization = runner.organization COLLATE NOCASE
           AND  registered.repository IS runner.repository
           AND  registered.actor IS NOT NULL
         WHERE  seconds_between(registered.at, came.first_at) BETWEEN 0 AND :minutes * 60);
/*
[[case]]
name = "online a minute after the leaver registered one"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_event = [
  { id = "e1", organization = "contoso", repository = "nightly", action = "repo.register_self_hosted_runner", at = 2026-04-01T00:00:00Z, actor = "alice-dev", actor_id = "7" },
  { id = "e2", organization = "contoso", repository = "nightly", action = "repo.self_hosted_runner_online", at = 2026-04-01T00:01:00Z, thing_id = "31" },
  { id = "e3", organization = "contoso", repository = "nightly", action = "repo.self_hosted_runner_online", at = 2026-05-01T00:01:00Z, thing_id = "31" },
]
github_runner = [{ id = "github:repo/contoso/nightly/runner/31", organization = "contoso", repository = "nightly", runner_id = "31", name = "desk", status = "online" }]
expect = { "github:repo/contoso/nightly/runner/31" = "fail" }

[[case]]
name = "one that came online months later, so that nobody can say who registered it, and one that somebody else did"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_event = [
  { id = "e1", organization = "contoso", action = "org.register_self_hosted_runner", at = 2026-04-01T00:00:00Z, actor = "alice-dev", actor_id = "7" },
  { id = "e2", organization = "contoso", action = "org.self_hosted_runner_online", at = 2026-05-01T00:00:00Z, thing_id = "31" },
  { id = "e3", organization = "contoso", action = "org.register_self_hosted_runner", at = 2026-05-02T00:00:00Z, actor = "bob", actor_id = "8" },
  { id = "e4", organization = "contoso", action = "org.self_hosted_runner_online", at = 2026-05-02T00:00:30Z, thing_id = "32" },
]
github_runner = [
  { id = "r31", organization = "contoso", runner_id = "31", status = "online" },
  { id = "r32", organization = "contoso", runner_id = "32", status = "online" },
]
expect = { "r31" = "unknown" }

[[case]]
name = "all runners are explained: others registered those that stay, and an ephemeral one needs none"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_event = [
  { id = "e3", organization = "contoso", action = "org.register_self_hosted_runner", at = 2026-05-02T00:00:00Z, actor = "bob", actor_id = "8" },
  { id = "e4", organization = "contoso", action = "org.self_hosted_runner_online", at = 2026-05-02T00:00:30Z, thing_id = "32" },
]
github_runner = [
  { id = "r32", organization = "contoso", runner_id = "32", status = "online" },
  { id = "r33", organization = "contoso", runner_id = "33", status = "online", ephemeral = true },
]
expect = "pass"

[[case]]
name = "one that is gone, and no other"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_event = [{ id = "e1", organization = "contoso", action = "org.register_self_hosted_runner", at = 2026-04-01T00:00:00Z, actor = "alice-dev", actor_id = "7" }]
expect = "pass"

[[case]]
name = "registered just now, and not yet seen online"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_event = [{ id = "e1", organization = "contoso", action = "org.register_self_hosted_runner", at = 2026-05-31T23:00:00Z, actor = "alice-dev", actor_id = "7" }]
expect = { "github:org/contoso/runner-registration/e1" = "unknown" }

[[case]]
name = "without the audit log nobody says who registered a runner"
incomplete = ["github_event"]
identity = [{ person = "p", kind = "github", name = "alice-dev" }]
expect = "unknown"
*/
