/*
title    = "A GitHub variable was last set by the leaver"
proven   = "No GitHub variable was last set by the leaver"
severity = "low"
why      = "Variables steer workflows: hosts, image names, switches. One that points to something of the leaver's hands it the jobs."
fix      = "Look at the value first. Set it anew if it is still right, so that somebody answers for it; workflows read whatever is set from their next run on."
controls = { nist = ["PS-4", "CM-3"], iso27001 = ["A.8.9"], soc2 = ["CC8.1"], cis = ["6.2"], owasp-nhi = ["NHI1:2025"] }

[params]
log_days = 180            # how far back the audit log reaches; an own GitHub server may keep less
*/
SELECT event.person            AS person,
       variable.id             AS subject,
       CASE WHEN seconds_between(event.at, variable.updated_at) > 120  THEN 'pass'
            WHEN seconds_between(event.at, variable.updated_at) <= 120 THEN 'fail'
       END                     AS status,
       printf('%s of %s was set by %s and has not been changed since', variable.name,
              ifnull(variable.organization || '/' || variable.repository, variable.organization), ifnull(event.actor, 'the leaver')) AS reason,
       'C'                     AS grade,
       event.actor             AS actor,
       event.at                AS seen_at,
       variable.updated_at     AS last_changed,
       NULL                    AS names
FROM   github_setting_event AS event
JOIN   github_variable AS variable
  ON   variable.organization = event.organization COLLATE NOCASE
  AND  variable.name = event.name COLLATE NOCASE
  AND  ((event.level = 'org'  AND variable.repository IS NULL)
        OR (event.level <> 'org' AND variable.repository = event.repository COLLATE NOCASE))
  AND  ((event.level <> 'environment' AND variable.environment IS NULL)
        OR (event.level = 'environment' AND variable.environment = ifnull(event.environment, variable.environment)))
  AND  variable.product = 'actions'
WHERE  event.kind = 'variable'
UNION ALL
SELECT NULL,
       printf('github:org/%s/variables', variable.organization),
       NULL,
       printf('%d variables of %s were last changed before the audit log begins, or are of a kind that it does not name: nobody can say who set them',
              count(*), variable.organization),
       NULL, NULL, NULL, min(variable.updated_at),
       -- Some of the names: all of a large organisation's are too long a text.
       (SELECT group_concat(some.name, ', ')
        FROM   (SELECT DISTINCT other.name AS name
                FROM   github_variable AS other
                WHERE  other.organization = variable.organization
                AND    (other.updated_at IS NULL OR days_between(other.updated_at, :now) >= :log_days OR other.product <> 'actions')
                ORDER BY other.updated_at, other.id
                LIMIT 20) AS some)
FROM   github_variable AS variable
WHERE  variable.updated_at IS NULL
OR     days_between(variable.updated_at, :now) >= :log_days
OR     variable.product <> 'actions'
GROUP BY variable.organization;
/*
[[case]]
name = "of a repository, and of one of its environments that the event does not name"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_event = [
  { id = "e1", organization = "contoso", repository = "api", action = "repo.update_actions_variable", at = 2026-04-01T00:00:00Z, actor = "alice-dev", actor_id = "7", name = "HOST" },
  { id = "e2", organization = "contoso", repository = "api", action = "environment.update_actions_variable", at = 2026-04-01T00:00:00Z, actor = "alice-dev", actor_id = "7", name = "IMAGE" },
]
github_variable = [
  { id = "v1", organization = "contoso", repository = "api", product = "actions", name = "HOST", updated_at = 2026-04-01T00:00:00Z },
  { id = "v2", organization = "contoso", repository = "api", environment = "prod", product = "actions", name = "IMAGE", updated_at = 2026-04-01T00:00:00Z },
]
expect = { "v1" = "fail", "v2" = "fail" }

[[case]]
name = "changed since, and a secret of that name"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_event = [
  { id = "e1", organization = "contoso", action = "org.update_actions_variable", at = 2026-04-01T00:00:00Z, actor = "alice-dev", actor_id = "7", name = "HOST" },
  { id = "e2", organization = "contoso", action = "org.update_actions_secret", at = 2026-04-01T00:00:00Z, actor = "alice-dev", actor_id = "7", name = "IMAGE" },
]
github_variable = [
  { id = "v1", organization = "contoso", product = "actions", name = "HOST", updated_at = 2026-05-02T00:00:00Z },
  { id = "v2", organization = "contoso", product = "actions", name = "IMAGE", updated_at = 2026-04-01T00:00:00Z },
]
expect = "pass"

[[case]]
name = "older than the log"
now = "2026-06-01T00:00:00Z"
github_variable = [{ id = "v1", organization = "contoso", product = "actions", name = "OLD", updated_at = 2024-04-01T00:00:00Z }]
expect = { "github:org/contoso/variables" = "unknown" }

[[case]]
name = "without the audit log nobody says who set a variable"
incomplete = ["github_event"]
identity = [{ person = "p", kind = "github", name = "alice-dev" }]
expect = "unknown"
*/
