/*
title    = "The last call on a server was made after the last day"
proven   = "The last call on every server was made before the last day was over"
severity = "high"
why      = "The last call counts over everything that the log retains, also beyond the window in which calls are read one by one."
fix      = "Close the path that is named, after asking who else uses it: they stop too. The check activity-after-last-day tells what was done."
monotone = true
controls = { nist = ["PS-4", "AC-2(3)", "AU-6"], iso27001 = ["A.8.15"], soc2 = ["CC7.2"], cis = ["5.3", "8.11"] }
*/
SELECT caller.person  AS person,
       printf('%s/server/%s', caller.subject, ifnull(seen.server, '-')) AS subject,
       CASE WHEN max(seen.last_at) < last_day.ends_at THEN 'pass'
            WHEN max(caller.sure) = 1 AND max(seen.last_at) >= last_day.ends_at THEN 'fail'
       END            AS status,
       printf('the last of %d calls by %s on %s was made at %s; the last day, %s, was over at %s; %s', sum(seen.calls), caller.called,
              ifnull(seen.server, 'an unnamed server'), max(seen.last_at), last_day.date, last_day.ends_at, caller.path) AS reason,
       caller.grade   AS grade,
       max(seen.last_at) AS seen_at,
       sum(seen.calls) AS calls
FROM   caller
JOIN   last_activity AS seen ON seen.principal IS caller.principal AND seen.caller_name IS caller.caller_name
LEFT JOIN last_day ON last_day.person = caller.person
GROUP BY caller.person, caller.subject, seen.server
UNION ALL
SELECT NULL, blind.source, NULL, blind.reason, NULL, NULL, NULL
FROM   log_blind AS blind
WHERE  blind.lacks IS NULL OR has_scope(blind.lacks, 'principal');
/*
[[case]]
name          = "on the day after"
account       = [{ id = "o", person = "p" }]
last_day      = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-01T22:00:00Z, source = "flag" }]
last_activity = [{ source = "l", principal = "o", server = "fs", last_at = 2026-05-01T22:00:00Z, calls = 9 }]
expect        = { "entra:user/o/server/fs" = "fail" }

[[case]]
name          = "before"
account       = [{ id = "o", person = "p" }]
last_day      = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-01T22:00:00Z, source = "flag" }]
last_activity = [{ source = "l", principal = "o", server = "fs", last_at = 2026-05-01T21:59:59Z, calls = 9 }]
expect        = "pass"

[[case]]
name          = "the last day is not known"
account       = [{ id = "o", person = "p" }]
last_activity = [{ source = "l", principal = "o", server = "fs", last_at = 2026-05-01T21:59:59Z, calls = 9 }]
expect        = { "entra:user/o/server/fs" = "unknown" }

[[case]]
name          = "the log was cut short"
incomplete    = ["last_activity"]
account       = [{ id = "o", person = "p" }]
expect        = "unknown"

[[case]]
name           = "days are missing in the middle of the log"
account        = [{ id = "o", person = "p" }]
log_table      = [{ source = "l", shape = "documented", last_at = 2026-05-31T23:00:00Z, records = 9 }]
log_silence    = [{ source = "l", from_at = 2026-05-10T00:00:00Z, until_at = 2026-05-12T00:00:00Z, per_million = 0 }]
expect         = { "l" = "unknown" }
*/
