/*
title    = "GitHub secrets that the leaver administered were not rotated since they left"
severity = "medium"
why      = "Whoever administers secrets can hand them to a workflow that shows them. Which of them the leaver took, no log tells."
fix      = "Rotate them where they were issued, the most powerful first, and store the new values. Deleting a secret instead leaves workflows with an empty value and no error."
controls = { nist = ["PS-4", "IA-5"], iso27001 = ["A.5.17"], soc2 = ["CC6.1"], owasp-nhi = ["NHI1:2025", "NHI7:2025"] }
*/
SELECT led.person              AS person,
       CASE WHEN secret.repository IS NULL     THEN printf('github:org/%s/secrets', secret.organization)
            WHEN secret.repository IS NOT NULL THEN printf('github:repo/%s/%s/secrets', secret.organization, secret.repository)
       END                     AS subject,
       CASE WHEN led.known = 1 AND last_day.ends_at IS NOT NULL THEN 'fail'
       END                     AS status,
       CASE WHEN last_day.ends_at IS NULL THEN 'the last day is not known'
            WHEN led.known = 1 THEN printf('%d secrets of %s are older than the last day of %s, %s',
                                           count(DISTINCT secret.id), ifnull(secret.organization || '/' || secret.repository, secret.organization),
                                           led.login, led.why)
            ELSE printf('%s, and nobody can say which of the %d secrets that are older than the last day they administered',
                        led.why, count(DISTINCT secret.id))
       END                     AS reason,
       led.grade               AS grade,
       min(secret.updated_at)  AS oldest,
       substr(group_concat(DISTINCT secret.name), 1, 500) AS secrets
FROM   (SELECT leaver.person AS person, leaver.login AS login, member.organization AS organization, NULL AS repository,
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
        SELECT leaver.person, leaver.login, event.organization, event.repository, 'who was an administrator once', 'C', 1
        FROM   github_leaver AS leaver
        JOIN   github_event AS event ON same_account(leaver.login, leaver.user_id, event.account, event.account_id)
        WHERE  event.permission = 'admin'
        AND    event.action IN ('org.add_member', 'org.update_member', 'org.remove_member', 'repo.add_member', 'repo.update_member')
        UNION
        SELECT leaver.person, leaver.login, event.organization, NULL, 'the leaver was a member, in an unknown role', 'C', 0
        FROM   github_leaver AS leaver
        JOIN   github_event AS event ON same_account(leaver.login, leaver.user_id, event.account, event.account_id)
        WHERE  event.action IN ('org.remove_member', 'org.remove_outside_collaborator')
        AND    event.permission IS NULL
        AND    NOT EXISTS (SELECT 1 FROM github_membership AS member
                           WHERE  member.organization = event.organization COLLATE NOCASE
                           AND    same_account(leaver.login, leaver.user_id, member.login, member.user_id))) AS led
JOIN   github_secret AS secret
  ON   secret.organization = led.organization COLLATE NOCASE
  AND  (led.repository IS NULL OR secret.repository = led.repository COLLATE NOCASE)
LEFT JOIN last_day ON last_day.person = led.person
WHERE  last_day.ends_at IS NULL OR secret.updated_at IS NULL OR secret.updated_at <= last_day.ends_at
GROUP BY led.person, secret.organization, secret.repository, led.why;
/*
[[case]]
name = "an owner of the organisation, and an administrator of one repository"
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
name = "removed, and the log does not tell what the role was"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
last_day = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-02T00:00:00Z }]
github_event = [{ id = "e1", organization = "contoso", action = "org.remove_member", at = 2026-05-02T00:00:00Z, actor = "boss", account = "alice-dev", account_id = "7" }]
github_secret = [{ id = "s1", organization = "contoso", product = "actions", name = "A", updated_at = 2026-04-01T00:00:00Z }]
expect = { "github:org/contoso/secrets" = "unknown" }

[[case]]
name = "members could not be listed"
incomplete = ["github_membership"]
identity = [{ person = "p", kind = "github", name = "alice-dev" }]
expect = "unknown"
*/
