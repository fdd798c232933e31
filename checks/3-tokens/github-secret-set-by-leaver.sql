/*
title    = "A GitHub secret was last set by the leaver"
proven   = "No GitHub secret was last set by the leaver"
severity = "high"
why      = "Whoever sets a secret knows its value: the leaver can use it from anywhere, without GitHub."
fix      = "Rotate the credential where it was issued, then store the new value. Do not delete the secret first: workflows that use it would go on with an empty value and no error."
controls = { nist = ["PS-4", "IA-5", "AC-2(3)"], iso27001 = ["A.5.17"], soc2 = ["CC6.1"], cis = ["6.2"], owasp-nhi = ["NHI1:2025", "NHI2:2025", "NHI7:2025"] }

[params]
log_days = 180            # how far back the audit log reaches; an own GitHub server may keep less
*/
SELECT event.person            AS person,
       secret.id               AS subject,
       CASE WHEN seconds_between(event.at, secret.updated_at) > 120  THEN 'pass'
            WHEN seconds_between(event.at, secret.updated_at) <= 120 THEN 'fail'
       END                     AS status,
       printf('%s of %s was set by %s%s and has not been changed since', secret.name,
              ifnull(secret.organization || '/' || secret.repository, secret.organization), ifnull(event.actor, 'the leaver'),
              ifnull(' with the token "' || event.token_name || '"', '')) AS reason,
       'C'                     AS grade,
       event.actor             AS actor,
       event.at                AS seen_at,
       secret.product          AS product,
       secret.updated_at       AS last_rotated,
       secret.visibility       AS visible_to,
       secret.repositories     AS repositories
FROM   github_setting_event AS event
JOIN   github_secret AS secret
  ON   secret.organization = event.organization COLLATE NOCASE
  AND  secret.name = event.name COLLATE NOCASE
  AND  ((event.level = 'org'  AND secret.repository IS NULL)
        OR (event.level <> 'org' AND secret.repository = event.repository COLLATE NOCASE))
  AND  ((event.level <> 'environment' AND secret.environment IS NULL)
        OR (event.level = 'environment' AND secret.environment = ifnull(event.environment, secret.environment)))
  AND  ((event.integration = 0 AND secret.product = 'actions')
        OR (event.integration = 1 AND secret.product = ifnull(event.product, secret.product)
            AND secret.product IN ('dependabot', 'codespaces')))
WHERE  event.kind = 'secret'
UNION ALL
SELECT NULL,
       printf('github:org/%s/secrets', secret.organization),
       NULL,
       printf('%d secrets of %s were last changed before the audit log begins, or are of a kind that it does not name: nobody can say who set them',
              count(*), secret.organization),
       NULL, NULL, NULL, NULL, min(secret.updated_at), NULL,
       -- Some of the names: all of a large organisation's are too long a text.
       (SELECT group_concat(some.name, ', ')
        FROM   (SELECT DISTINCT other.name AS name
                FROM   github_secret AS other
                WHERE  other.organization = secret.organization
                AND    (other.updated_at IS NULL OR days_between(other.updated_at, :now) >= :log_days
                        OR other.product NOT IN ('actions', 'dependabot', 'codespaces'))
                ORDER BY other.updated_at, other.id
                LIMIT 20) AS some)
FROM   github_secret AS secret
WHERE  secret.updated_at IS NULL
OR     days_between(secret.updated_at, :now) >= :log_days
OR     secret.product NOT IN ('actions', 'dependabot', 'codespaces')
GROUP BY secret.organization;
/*
[[case]]
name = "of the organisation, of a repository, of an environment, of Dependabot"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_event = [
  { id = "e1", organization = "contoso", action = "org.update_actions_secret", at = 2026-04-01T00:00:00Z, actor = "alice-dev", actor_id = "7", name = "NPM_TOKEN" },
  { id = "e2", organization = "contoso", repository = "api", action = "repo.create_actions_secret", at = 2026-04-01T00:00:00Z, actor = "alice-dev", actor_id = "7", name = "NPM_TOKEN" },
  { id = "e3", organization = "contoso", repository = "api", action = "environment.create_actions_secret", at = 2026-04-01T00:00:00Z, actor = "alice-dev", actor_id = "7", name = "DEPLOY", environment = "prod" },
  { id = "e4", organization = "contoso", repository = "api", action = "repo.create_integration_secret", at = 2026-04-01T00:00:00Z, actor = "alice-dev", actor_id = "7", name = "FEED", product = "dependabot" },
]
github_secret = [
  { id = "s1", organization = "contoso", product = "actions", name = "NPM_TOKEN", updated_at = 2026-04-01T00:00:01Z },
  { id = "s2", organization = "contoso", repository = "api", product = "actions", name = "NPM_TOKEN", updated_at = 2026-04-01T00:00:00Z },
  { id = "s3", organization = "contoso", repository = "api", environment = "prod", product = "actions", name = "DEPLOY", updated_at = 2026-04-01T00:00:00Z },
  { id = "s4", organization = "contoso", repository = "api", product = "dependabot", name = "FEED", updated_at = 2026-04-01T00:00:00Z },
]
expect = { "s1" = "fail", "s2" = "fail", "s3" = "fail", "s4" = "fail" }

[[case]]
name = "rotated since, and secrets of that name elsewhere"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_event = [{ id = "e1", organization = "contoso", repository = "api", action = "repo.update_actions_secret", at = 2026-04-01T00:00:00Z, actor = "alice-dev", actor_id = "7", name = "NPM_TOKEN" }]
github_secret = [
  { id = "s1", organization = "contoso", repository = "api", product = "actions", name = "NPM_TOKEN", updated_at = 2026-05-02T00:00:00Z },
  { id = "s2", organization = "contoso", product = "actions", name = "NPM_TOKEN", updated_at = 2026-04-01T00:00:00Z },
  { id = "s3", organization = "contoso", repository = "web", product = "actions", name = "NPM_TOKEN", updated_at = 2026-04-01T00:00:00Z },
  { id = "s4", organization = "contoso", repository = "api", product = "dependabot", name = "NPM_TOKEN", updated_at = 2026-04-01T00:00:00Z },
  { id = "s5", organization = "contoso", repository = "api", environment = "prod", product = "actions", name = "NPM_TOKEN", updated_at = 2026-04-01T00:00:00Z },
]
expect = "pass"

[[case]]
name = "older than the log, and of a product that the log does not know"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_secret = [
  { id = "s1", organization = "contoso", product = "actions", name = "OLD", updated_at = 2024-04-01T00:00:00Z },
  { id = "s2", organization = "labs", product = "agents", name = "NEW", updated_at = 2026-05-01T00:00:00Z },
]
expect = { "github:org/contoso/secrets" = "unknown", "github:org/labs/secrets" = "unknown" }

[[case]]
name = "without the audit log nobody says who set a secret"
incomplete = ["github_event"]
identity = [{ person = "p", kind = "github", name = "alice-dev" }]
expect = "unknown"
*/
