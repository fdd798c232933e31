/*
title    = "The account was used after the last day"
proven   = "The account was not used after the last day"
severity = "critical"
why      = "Somebody holds working credentials of a person who has left. Entra keeps the last sign-in however long ago it was."
fix      = "Keep the sign-in logs as evidence first: they tell from where it was used, and for 30 days only. Disable the account and revoke its sessions: jobs that run as this person stop."
monotone = true
controls = { nist = ["PS-4", "AC-2(12)", "AU-6"], iso27001 = ["A.8.15", "A.8.16"], soc2 = ["CC7.2"], cis = ["8.11"] }
*/
SELECT seen.person                    AS person,
       'entra:user/' || account.id    AS subject,
       CASE WHEN seen.last_success_at >= last_day.ends_at        THEN 'fail'
            WHEN seen.last_noninteractive_at >= last_day.ends_at THEN 'fail'
            WHEN seen.last_sign_in_at >= last_day.ends_at        THEN 'fail'
            WHEN seen.last_success_at < last_day.ends_at         THEN 'pass'
            WHEN seen.last_sign_in_at < last_day.ends_at
             AND seen.last_noninteractive_at < last_day.ends_at  THEN 'pass'
       END                            AS status,
       CASE WHEN seen.last_success_at < last_day.ends_at THEN 'medium' END AS severity,
       CASE WHEN last_day.ends_at IS NULL                 THEN 'the last day is not known'
            WHEN seen.last_success_at >= last_day.ends_at THEN 'last successful sign-in after the last day'
            WHEN seen.last_success_at < last_day.ends_at  THEN 'somebody tried to sign in after the last day, without success'
            ELSE 'signed in, or tried to, after the last day'
       END                            AS reason,
       nullif(max(ifnull(seen.last_success_at, ''), ifnull(seen.last_noninteractive_at, ''),
                  ifnull(seen.last_sign_in_at, '')), '') AS seen_at,
       last_day.ends_at               AS last_day_over,
       'A'                            AS grade
FROM   sign_in_activity AS seen
JOIN   account  ON account.person = seen.person
LEFT JOIN last_day ON last_day.person = seen.person;
/*
[[case]]
name = "last seen before the last day"
account = [{ id = "u1", person = "p" }]
last_day = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-02T00:00:00Z }]
sign_in_activity = [{ person = "p", last_sign_in_at = 2026-04-30T08:00:00Z, last_noninteractive_at = 2026-05-01T08:00:00Z }]
expect = "pass"

[[case]]
name = "a successful sign-in three weeks later"
account = [{ id = "u1", person = "p" }]
last_day = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-02T00:00:00Z }]
sign_in_activity = [{ person = "p", last_success_at = 2026-05-22T02:00:00Z, last_sign_in_at = 2026-04-30T08:00:00Z }]
expect = { "entra:user/u1" = "fail" }

[[case]]
name = "only the interactive time is known: silent sign-ins may be missing"
account = [{ id = "u1", person = "p" }]
last_day = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-02T00:00:00Z }]
sign_in_activity = [{ person = "p", last_sign_in_at = 2026-04-30T08:00:00Z }]
expect = { "entra:user/u1" = "unknown" }

[[case]]
name = "Graph knows the account and no time at all"
account = [{ id = "u1", person = "p" }]
last_day = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-02T00:00:00Z }]
sign_in_activity = [{ person = "p" }]
expect = { "entra:user/u1" = "unknown" }

[[case]]
name = "no licence for sign-in activity"
account = [{ id = "u1", person = "p" }]
last_day = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-02T00:00:00Z }]
incomplete = ["sign_in_activity"]
expect = "unknown"
*/
