/*
title    = "A webhook was made or redirected by the leaver"
proven   = "No webhook was made or redirected by the leaver"
severity = "high"
why      = "It sends every event, with code and names in it, to a host that the leaver chose, and is bound to no account."
fix      = "Find out first who runs the receiver: it hears nothing any more. Switch the webhook off, which can be undone; delete it when nobody misses it."
action   = "delete-github-hook"
monotone = true
controls = { nist = ["PS-4", "AC-4", "CM-7"], iso27001 = ["A.5.14", "A.8.12"], soc2 = ["CC6.7"], cis = ["6.2"], owasp-nhi = ["NHI1:2025"] }

[params]
log_days = 180            # how far back the audit log reaches; an own GitHub server may keep less
*/
SELECT leaver.person           AS person,
       hook.id                 AS subject,
       'fail'                  AS status,
       CASE WHEN hook.active = 0   THEN 'low'
            WHEN hook.verified = 0 THEN 'critical'
       END                     AS severity,
       printf('it sends to %s; %s %s it', ifnull(hook.target, 'a host that is not shown'), event.actor,
              iif(event.action = 'hook.create', 'made', 'changed')) AS reason,
       'C'                     AS grade,
       event.actor             AS actor,
       max(event.at)           AS seen_at,
       hook.target             AS target,
       hook.events             AS events,
       hook.signed             AS signed
FROM   github_leaver AS leaver
JOIN   github_event AS event ON same_account(leaver.login, leaver.user_id, event.actor, event.actor_id)
JOIN   github_hook AS hook
  ON   hook.organization = event.organization COLLATE NOCASE
  AND  hook.hook_id = event.thing_id
WHERE  event.action IN ('hook.create', 'hook.config_changed', 'hook.active_changed')
GROUP BY leaver.person, hook.id, event.action
UNION ALL
SELECT NULL, printf('github:org/%s/hooks', hook.organization), NULL, NULL,
       printf('%d webhooks of %s were made before the audit log begins: nobody can say by whom', count(*), hook.organization),
       NULL, NULL, NULL,
       -- Some of them: all of a large organisation's are too long a text.
       (SELECT group_concat(some.target, ' ')
        FROM   (SELECT DISTINCT other.target AS target
                FROM   github_hook AS other
                WHERE  other.organization = hook.organization
                AND    (other.created_at IS NULL OR days_between(other.created_at, :now) >= :log_days)
                ORDER BY other.target
                LIMIT 20) AS some),
       NULL, NULL
FROM   github_hook AS hook
WHERE  hook.created_at IS NULL OR days_between(hook.created_at, :now) >= :log_days
GROUP BY hook.organization;
/*
[[case]]
name = "made for the organisation, redirected in a repository"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_event = [
  { id = "e1", organization = "contoso", action = "hook.create", at = 2026-04-01T00:00:00Z, actor = "alice-dev", actor_id = "7", thing_id = "1" },
  { id = "e2", organization = "contoso", repository = "api", action = "hook.config_changed", at = 2026-04-01T00:00:00Z, actor = "alice-dev", actor_id = "7", thing_id = "2" },
]
github_hook = [
  { id = "github:org/contoso/hook/1", organization = "contoso", hook_id = "1", target = "https://hooks.example", active = true, created_at = 2026-04-01T00:00:00Z },
  { id = "github:repo/contoso/api/hook/2", organization = "contoso", repository = "api", hook_id = "2", active = true, created_at = 2026-03-01T00:00:00Z },
]
expect = { "github:org/contoso/hook/1" = "fail", "github:repo/contoso/api/hook/2" = "fail" }

[[case]]
name = "made by somebody else, and one of the leaver's that is gone"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_event = [
  { id = "e1", organization = "contoso", action = "hook.create", at = 2026-04-01T00:00:00Z, actor = "alicia", actor_id = "9", thing_id = "1" },
  { id = "e2", organization = "contoso", action = "hook.create", at = 2026-04-01T00:00:00Z, actor = "alice-dev", actor_id = "7", thing_id = "3" },
]
github_hook = [{ id = "h1", organization = "contoso", hook_id = "1", created_at = 2026-04-01T00:00:00Z }]
expect = "pass"

[[case]]
name = "older than the log"
now = "2026-06-01T00:00:00Z"
github_hook = [{ id = "h1", organization = "contoso", hook_id = "1", created_at = 2020-04-01T00:00:00Z }]
expect = { "github:org/contoso/hooks" = "unknown" }

[[case]]
name = "without the audit log nobody says who made a webhook"
incomplete = ["github_event"]
identity = [{ person = "p", kind = "github", name = "alice-dev" }]
expect = "unknown"
*/
