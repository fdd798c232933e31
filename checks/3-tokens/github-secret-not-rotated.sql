/*
title    = "GitHub secrets that the leaver administered were not rotated since they left"
proven   = "Every GitHub secret that the leaver administered was rotated since they left"
severity = "medium"
why      = "Whoever administers secrets can hand them to a workflow that shows them. Which of them the leaver took, no log tells."
fix      = "Rotate them where they were issued, the most powerful first, and store the new values. Deleting a secret instead leaves workflows with an empty value and no error."
controls = { nist = ["PS-4", "IA-5"], iso27001 = ["A.5.17"], soc2 = ["CC6.1"], cis = ["6.2"], owasp-nhi = ["NHI1:2025", "NHI7:2025"] }

[params]
log_days = 180            # how far back the audit log reaches; an own GitHub server may keep less
*/
WITH led AS MATERIALIZED (
       SELECT leaver.person AS person, leaver.login AS login, member.organization AS organization, NULL AS repository,
              'an owner of the organisation' AS why, 'A' AS grade, 1 AS known
       FROM   github_leaver AS leaver
       JOIN   github_membership AS member ON same_account(leaver.login, leaver.user_id, member.login, member.user_id)
       WHERE  member.role = 'admin'
       UNION
       SELECT leaver.person, leaver.login, access.organization, access.repository, 'an administrator of the repository', 'A', 1
       FROM   github_leaver AS leaver
       JOIN   github_access AS access ON same_account(leaver.login, leaver.user_id, access.login, access.user_id)
       WHERE  access.role = 'admin'
       UNION
       SELECT leaver.person, leaver.login, access.organization, access.repository, 'an administrator of the repository through a team', 'A', 1
       FROM   github_leaver AS leaver
       -- CROSS: the people first. A team of everybody times all its repositories takes for ever.
       CROSS JOIN github_team_membership AS member ON same_account(leaver.login, leaver.user_id, member.login, member.user_id)
       CROSS JOIN github_team_access AS access ON access.organization = member.organization AND access.team = member.team
       WHERE  access.role = 'admin'
       UNION
       SELECT leaver.person, leaver.login, member.organization, NULL, 'a member of an organisation whose members administer all of it', 'A', 1
       FROM   github_leaver AS leaver
       JOIN   github_membership AS member ON same_account(leaver.login, leaver.user_id, member.login, member.user_id)
       JOIN   github_organization AS organization ON organization.name = member.organization COLLATE NOCASE
       WHERE  organization.member_role = 'admin'
       UNION
       SELECT leaver.person, leaver.login, event.organization, event.repository, 'who was an administrator once', 'C', 1
       FROM   github_leaver AS leaver
       JOIN   github_event AS event ON same_account(leaver.login, leaver.user_id, event.account, event.account_id)
       WHERE  'admin' IN (event.permission, event.old_permission)
       AND    event.action IN ('org.add_member', 'org.update_member', 'org.remove_member', 'repo.add_member', 'repo.update_member')
       UNION
       SELECT leaver.person, leaver.login, event.organization, NULL, 'the leaver was a member, in an unknown role', 'C', 0
       FROM   github_leaver AS leaver
       JOIN   github_event AS event ON same_account(leaver.login, leaver.user_id, event.account, event.account_id)
       WHERE  event.action IN ('org.remove_member', 'org.remove_outside_collaborator')
       AND    ifnull(event.permission, 'unknown') <> 'admin'
       AND    NOT EXISTS (SELECT 1 FROM github_membership AS member
                          WHERE  member.organization = event.organization COLLATE NOCASE
                          AND    same_account(leaver.login, leaver.user_id, member.login, member.user_id))),
     kept AS (
       SELECT led.person AS person, led.login AS login, led.why AS why, led.grade AS grade, led.known AS known, secret.id AS id,
              secret.organization AS organization, secret.repository AS repository, secret.name AS name, secret.updated_at AS updated_at
       FROM   led
       CROSS JOIN github_secret AS secret ON secret.organization = led.organization COLLATE NOCASE
       WHERE  led.repository IS NULL
       UNION ALL
       SELECT led.person, led.login, led.why, led.grade, led.known, secret.id, secret.organization, secret.repository, secret.name,
              secret.updated_at
       FROM   led
       CROSS JOIN github_secret AS secret
         ON   secret.organization = led.organization COLLATE NOCASE
         AND  secret.repository = led.repository COLLATE NOCASE)
SELECT kept.person             AS person,
       CASE WHEN kept.repository IS NULL     THEN printf('github:org/%s/secrets', kept.organization)
            WHEN kept.repository IS NOT NULL THEN printf('github:repo/%s/%s/secrets', kept.organization, kept.repository)
       END                     AS subject,
       CASE WHEN max(kept.known) = 1 AND last_day.ends_at IS NOT NULL THEN 'fail'
       END                     AS status,
       CASE WHEN last_day.ends_at IS NULL THEN 'the last day is not known'
            WHEN max(kept.known) = 1 THEN printf('%d secrets of %s are older than the last day of %s, %s',
                                                 count(DISTINCT kept.id), ifnull(kept.organization || '/' || kept.repository, kept.organization),
                                                 kept.login, min(iif(kept.known = 1, kept.why, NULL)))
            ELSE printf('%s, and nobody can say which of the %d secrets that are older than the last day they administered',
                        min(kept.why), count(DISTINCT kept.id))
       END                     AS reason,
       min(kept.grade)         AS grade,
       min(kept.updated_at)    AS oldest,
       substr(group_concat(DISTINCT kept.name), 1, 500) AS secrets
FROM   kept
LEFT JOIN last_day ON last_day.person = kept.person
WHERE  last_day.ends_at IS NULL OR kept.updated_at IS NULL OR kept.updated_at <= last_day.ends_at
GROUP BY kept.person, kept.organization, kept.repository
UNION ALL
-- A role of older times is in no list and in no log; whatever was set since then is out of its reach.
SELECT leaver.person, printf('github:org/%s/secrets/older-than-audit-log', secret.organization), NULL,
       printf('%d secrets of %s are older than the audit log, which cannot tell whether %s administered them',
              count(DISTINCT secret.id), secret.organization, ifnull(leaver.login, 'the leaver')),
       NULL, min(secret.updated_at), NULL
FROM   github_leaver AS leaver
CROSS JOIN github_secret AS secret
WHERE  (secret.updated_at IS NULL OR days_between(secret.updated_at, :now) >= :log_days)
AND    NOT EXISTS (SELECT 1 FROM github_membership AS member
                   WHERE  member.organization = secret.organization COLLATE NOCASE
                   AND    member.role = 'admin'
                   AND    same_account(leaver.login, leaver.user_id, member.login, member.user_id))
GROUP BY leaver.person, secret.organization;
/*
[[case]]
name = "an owner of the organisation, and an administrator of one repository"
now = "2026-06-01T00:00:00Z"
identity = [
  { person = "p", kind = "github", name = "alice-dev", id = "github:user/7" },
  { person = "q", kind = "github", name = "bob", id = "github:user/8" },
]
last_day = [
  { person = "p", date = "2026-05-01", ends_at = 2026-05-02T00:00:00Z },
  { person = "q", date = "2026-05-01", ends_at = 2026-05-02T00:00:00Z },
]
github_membership = [{ organization = "contoso", login = "alice-dev", user_id = "7", role = "admin" }]
github_access = [{ organization = "labs", repository = "x", login = "bob", user_id = "8", role = "admin" }]
github_secret = [
  { id = "s1", organization = "contoso", product = "actions", name = "A", updated_at = 2026-04-01T00:00:00Z },
  { id = "s2", organization = "contoso", repository = "api", product = "actions", name = "B", updated_at = 2026-04-01T00:00:00Z },
  { id = "s3", organization = "labs", repository = "x", product = "actions", name = "C", updated_at = 2026-04-01T00:00:00Z },
  { id = "s4", organization = "labs", repository = "y", product = "actions", name = "D", updated_at = 2026-04-01T00:00:00Z },
]
expect = { "github:org/contoso/secrets" = "fail", "github:repo/contoso/api/secrets" = "fail", "github:repo/labs/x/secrets" = "fail" }

[[case]]
name = "rotated since, or no more than a member"
now = "2026-06-01T00:00:00Z"
identity = [
  { person = "p", kind = "github", name = "alice-dev", id = "github:user/7" },
  { person = "q", kind = "github", name = "bob", id = "github:user/8" },
]
last_day = [
  { person = "p", date = "2026-05-01", ends_at = 2026-05-02T00:00:00Z },
  { person = "q", date = "2026-05-01", ends_at = 2026-05-02T00:00:00Z },
]
github_membership = [
  { organization = "contoso", login = "alice-dev", user_id = "7", role = "admin" },
  { organization = "labs", login = "bob", user_id = "8", role = "member" },
]
github_secret = [
  { id = "s1", organization = "contoso", product = "actions", name = "A", updated_at = 2026-05-03T00:00:00Z },
  { id = "s2", organization = "labs", product = "actions", name = "B", updated_at = 2026-04-01T00:00:00Z },
]
expect = "pass"

[[case]]
name = "through a team, and as every member may"
now = "2026-06-01T00:00:00Z"
identity = [
  { person = "p", kind = "github", name = "alice-dev", id = "github:user/7" },
  { person = "q", kind = "github", name = "bob", id = "github:user/8" },
]
last_day = [
  { person = "p", date = "2026-05-01", ends_at = 2026-05-02T00:00:00Z },
  { person = "q", date = "2026-05-01", ends_at = 2026-05-02T00:00:00Z },
]
github_organization = [{ id = "1", name = "contoso", member_role = "read" }, { id = "2", name = "labs", member_role = "admin" }]
github_team_membership = [{ organization = "contoso", team = "ops", login = "alice-dev", user_id = "7" }]
github_team_access = [
  { organization = "contoso", team = "ops", repository = "api", role = "admin" },
  { organization = "contoso", team = "ops", repository = "web", role = "write" },
]
github_membership = [{ organization = "labs", login = "bob", user_id = "8", role = "member" }]
github_secret = [
  { id = "s1", organization = "contoso", repository = "api", product = "actions", name = "A", updated_at = 2026-04-01T00:00:00Z },
  { id = "s2", organization = "contoso", repository = "web", product = "actions", name = "B", updated_at = 2026-04-01T00:00:00Z },
  { id = "s3", organization = "labs", product = "actions", name = "C", updated_at = 2026-04-01T00:00:00Z },
]
expect = { "github:repo/contoso/api/secrets" = "fail", "github:org/labs/secrets" = "fail" }

[[case]]
name = "older than the log, in which the leaver may have been anything"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
last_day = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-02T00:00:00Z }]
github_membership = [{ organization = "contoso", login = "alice-dev", user_id = "7", role = "member" }]
github_secret = [{ id = "s1", organization = "contoso", product = "actions", name = "A", updated_at = 2025-04-01T00:00:00Z }]
expect = { "github:org/contoso/secrets/older-than-audit-log" = "unknown" }

[[case]]
name = "demoted before they left"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
last_day = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-02T00:00:00Z }]
github_membership = [{ organization = "contoso", login = "alice-dev", user_id = "7", role = "member" }]
github_event = [{ id = "e1", organization = "contoso", action = "org.update_member", at = 2026-04-02T00:00:00Z, actor = "boss", account = "alice-dev", account_id = "7", permission = "read", old_permission = "admin" }]
github_secret = [{ id = "s1", organization = "contoso", product = "actions", name = "A", updated_at = 2026-04-01T00:00:00Z }]
expect = { "github:org/contoso/secrets" = "fail" }

[[case]]
name = "removed, and the log does not tell what the role was"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
last_day = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-02T00:00:00Z }]
github_event = [{ id = "e1", organization = "contoso", action = "org.remove_member", at = 2026-05-02T00:00:00Z, actor = "boss", account = "alice-dev", account_id = "7" }]
github_secret = [{ id = "s1", organization = "contoso", product = "actions", name = "A", updated_at = 2026-04-01T00:00:00Z }]
expect = { "github:org/contoso/secrets" = "unknown" }

[[case]]
name = "members could not be listed"
now = "2026-06-01T00:00:00Z"
incomplete = ["github_membership"]
identity = [{ person = "p", kind = "github", name = "alice-dev" }]
expect = "unknown"
*/
