/*
title    = "A deploy key of a repository was added by the leaver"
proven   = "No deploy key of a repository was added by the leaver"
severity = "high"
why      = "A deploy key is bound to the repository, not to the account: it keeps working when the account is removed, and whoever holds its private half can pull, or push."
fix      = "Find out what deploys with it, add a new key from a machine of your own, then delete this one. What still uses it cannot pull any more."
action   = "delete-github-deploy-key"
monotone = true
controls = { nist = ["PS-4", "AC-2(3)", "IA-5"], iso27001 = ["A.5.17", "A.5.18"], soc2 = ["CC6.1"], cis = ["6.2"], owasp-nhi = ["NHI1:2025", "NHI7:2025"] }

[params]
log_days = 180            # how far back the audit log reaches; an own GitHub server may keep less
*/
SELECT leaver.person           AS person,
       deploy.id               AS subject,
       'fail'                  AS status,
       CASE WHEN deploy.enabled = 0   THEN 'low'
            WHEN deploy.read_only = 0 THEN 'critical'
       END                     AS severity,
       printf('"%s" of %s/%s, %s, was added by %s', ifnull(deploy.title, 'a key'), deploy.organization, deploy.repository,
              CASE WHEN deploy.read_only = 0 THEN 'which may push'
                   WHEN deploy.read_only = 1 THEN 'which may only pull'
                   ELSE 'of unknown power' END, deploy.added_by) AS reason,
       'B'                     AS grade,
       deploy.added_by         AS actor,
       ifnull(deploy.last_used_at, deploy.created_at) AS seen_at,
       deploy.last_used_at     AS last_used,
       deploy.fingerprint      AS fingerprint
FROM   github_leaver AS leaver
JOIN   github_deploy_key AS deploy ON same_account(leaver.login, leaver.user_id, deploy.added_by, NULL)
UNION ALL
SELECT leaver.person, deploy.id, 'fail', CASE WHEN deploy.read_only = 0 THEN 'critical' END,
       printf('GitHub does not say who added "%s" of %s/%s; the audit log names %s', ifnull(deploy.title, 'a key'), deploy.organization,
              deploy.repository, event.actor),
       'C', event.actor, event.at, deploy.last_used_at, deploy.fingerprint
FROM   github_leaver AS leaver
JOIN   github_event AS event ON same_account(leaver.login, leaver.user_id, event.actor, event.actor_id)
JOIN   github_deploy_key AS deploy
  ON   deploy.organization = event.organization COLLATE NOCASE
  AND  deploy.repository = event.repository COLLATE NOCASE
  AND  ifnull(deploy.title = event.name, 1)
WHERE  event.action = 'public_key.create'
AND    deploy.added_by IS NULL
AND    abs(seconds_between(event.at, deploy.created_at)) <= 120
UNION ALL
SELECT NULL, printf('github:org/%s/deploy-keys', deploy.organization), NULL, NULL,
       printf('GitHub does not say who added %d deploy keys of %s, and the audit log does not either', count(*), deploy.organization),
       NULL, NULL, NULL, NULL,
       -- Some of them: all of a large organisation's are too long a text.
       (SELECT group_concat(some.id, ' ')
        FROM   (SELECT other.id AS id
                FROM   github_deploy_key AS other
                WHERE  other.organization = deploy.organization
                AND    other.added_by IS NULL
                AND    (other.created_at IS NULL OR days_between(other.created_at, :now) >= :log_days
                        OR NOT EXISTS (SELECT 1
                                       FROM   github_event AS event
                                       WHERE  event.action = 'public_key.create'
                                       AND    event.organization = other.organization COLLATE NOCASE
                                       AND    event.repository = other.repository COLLATE NOCASE
                                       AND    abs(seconds_between(event.at, other.created_at)) <= 120))
                ORDER BY other.created_at, other.id
                LIMIT 20) AS some)
FROM   github_deploy_key AS deploy
WHERE  deploy.added_by IS NULL
AND    (deploy.created_at IS NULL OR days_between(deploy.created_at, :now) >= :log_days
        OR NOT EXISTS (SELECT 1
                       FROM   github_event AS event
                       WHERE  event.action = 'public_key.create'
                       AND    event.organization = deploy.organization COLLATE NOCASE
                       AND    event.repository = deploy.repository COLLATE NOCASE
                       AND    abs(seconds_between(event.at, deploy.created_at)) <= 120))
GROUP BY deploy.organization;
/*
[[case]]
name = "one that may push, and one that only the audit log gives to the leaver"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_event = [{ id = "e1", organization = "contoso", repository = "web", action = "public_key.create", at = 2026-04-01T00:00:00Z, actor = "alice-dev", actor_id = "7", name = "mirror" }]
github_deploy_key = [
  { id = "github:repo/contoso/api/key/1", organization = "contoso", repository = "api", title = "nightly", added_by = "Alice-Dev", read_only = false },
  { id = "github:repo/contoso/web/key/2", organization = "contoso", repository = "web", title = "mirror", read_only = true, created_at = 2026-04-01T00:00:01Z },
]
expect = { "github:repo/contoso/api/key/1" = "fail", "github:repo/contoso/web/key/2" = "fail" }

[[case]]
name = "added by somebody else, whatever its title says"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_deploy_key = [
  { id = "k1", organization = "contoso", repository = "api", title = "alice-dev", added_by = "alice-developer" },
  { id = "k2", organization = "contoso", repository = "api", title = "x", created_at = 2026-05-01T00:00:00Z },
]
github_event = [{ id = "e1", organization = "contoso", repository = "api", action = "public_key.create", at = 2026-05-01T00:00:01Z, actor = "bob", actor_id = "9", name = "x" }]
expect = "pass"

[[case]]
name = "young, and neither GitHub nor the log says who added it"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_deploy_key = [{ id = "k1", organization = "contoso", repository = "api", title = "x", created_at = 2026-05-01T00:00:00Z }]
expect = { "github:org/contoso/deploy-keys" = "unknown" }

[[case]]
name = "older than the log, and GitHub does not say who"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_deploy_key = [{ id = "k1", organization = "contoso", repository = "api", created_at = 2020-04-01T00:00:00Z }]
expect = { "github:org/contoso/deploy-keys" = "unknown" }

[[case]]
name = "the keys of a repository could not be listed"
incomplete = ["github_deploy_key"]
identity = [{ person = "p", kind = "github", name = "alice-dev" }]
expect = "unknown"
*/
