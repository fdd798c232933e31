/*
title    = "The sign-in log shows the account after the last day"
proven   = "The sign-in log shows no sign-in of the account after the last day"
severity = "critical"
why      = "Each row is an application that accepted the leaver's credentials after they should have been dead."
fix      = "Look at where these sign-ins came from and keep the log as evidence first. Then disable the account, revoke the sessions and remove the credential that was used: jobs that run with it stop."
monotone = true
controls = { nist = ["PS-4", "AU-6"], iso27001 = ["A.8.15", "A.8.16"], soc2 = ["CC7.2"], cis = ["8.11"] }
*/
SELECT sign_in.person                 AS person,
       printf('entra:user/%s/sign-in/%s/%s', account.id, sign_in.kind, ifnull(sign_in.app_id, 'unknown')) AS subject,
       CASE WHEN last_day.ends_at IS NULL  THEN NULL
            WHEN max(sign_in.success) = 1  THEN 'fail'
            WHEN count(sign_in.success) = count(*) THEN 'pass'
       END                            AS status,
       CASE WHEN last_day.ends_at IS NULL THEN 'the last day is not known'
            WHEN max(sign_in.success) = 1 THEN printf('%s sign-ins: %d, of which successful: %d', sign_in.kind, count(*), sum(sign_in.success))
            ELSE printf('%s sign-ins: %d, some of unknown outcome', sign_in.kind, count(*))
       END                            AS reason,
       max(sign_in.app_name)          AS application,
       min(sign_in.at)                AS first_seen,
       max(sign_in.at)                AS seen_at,
       'A'                            AS grade
FROM   sign_in
JOIN   account  ON account.person = sign_in.person
LEFT JOIN last_day ON last_day.person = sign_in.person
WHERE  last_day.ends_at IS NULL
   OR  sign_in.at >= last_day.ends_at
GROUP BY sign_in.person, account.id, sign_in.kind, sign_in.app_id, last_day.ends_at;
/*
[[case]]
name = "only before the last day"
account = [{ id = "u1", person = "p" }]
last_day = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-02T00:00:00Z }]
sign_in = [{ id = "s1", person = "p", at = 2026-05-01T23:59:59Z, kind = "interactive", app_id = "a", success = true }]
expect = "pass"

[[case]]
name = "refused attempts are not access"
account = [{ id = "u1", person = "p" }]
last_day = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-02T00:00:00Z }]
sign_in = [{ id = "s1", person = "p", at = 2026-05-09T00:00:00Z, kind = "interactive", app_id = "a", success = false }]
expect = "pass"

[[case]]
name = "a silent sign-in afterwards"
account = [{ id = "u1", person = "p" }]
last_day = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-02T00:00:00Z }]
sign_in = [
  { id = "s1", person = "p", at = 2026-05-22T02:00:00Z, kind = "non-interactive", app_id = "a", success = true },
  { id = "s2", person = "p", at = 2026-05-22T02:01:00Z, kind = "non-interactive", app_id = "a", success = false },
]
expect = { "entra:user/u1/sign-in/non-interactive/a" = "fail" }

[[case]]
name = "an outcome that the log does not tell"
account = [{ id = "u1", person = "p" }]
last_day = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-02T00:00:00Z }]
sign_in = [{ id = "s1", person = "p", at = 2026-05-22T02:00:00Z, kind = "interactive", app_id = "a" }]
expect = { "entra:user/u1/sign-in/interactive/a" = "unknown" }

[[case]]
name = "a log that does not reach back to the last day"
account = [{ id = "u1", person = "p" }]
last_day = [{ person = "p", date = "2026-01-01", ends_at = 2026-01-02T00:00:00Z }]
incomplete = ["sign_in"]
expect = "unknown"
*/
