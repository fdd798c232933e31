/*
title    = "A server or tool was used for the first time in the last week"
proven   = "No server or tool was used for the first time in the last week of work"
severity = "low"
why      = "What nobody needed before is not needed to hand over work. Of a person, the last week is the one before the last day."
fix      = "Ask what it was for; if nobody knows, look at the calls one by one."
monotone = false
controls = { nist = ["AU-6"], iso27001 = ["A.8.16"], soc2 = ["CC7.2"], cis = ["8.11"] }

[params]
days         = 7  # the last week
history_days = 14 # so long before it the first call has to lie, so that something can be new
*/
WITH used AS MATERIALIZED (
       SELECT activity.person, activity.subject, activity.server, activity.tool, activity.called, activity.path, activity.grade,
              iif(activity.own, min(last_day.ends_at, :now), :now) AS until,
              min(activity.first_at) AS first_at, max(activity.last_at) AS last_at, sum(activity.calls) AS calls
       FROM   activity
       JOIN   last_day ON last_day.person = activity.person
       WHERE  activity.sure = 1
       AND    activity.first_at < iif(activity.own, min(last_day.ends_at, :now), :now)
       GROUP BY activity.person, activity.subject, activity.server, activity.tool),
     began AS (
       SELECT person, subject, until, min(first_at) AS at
       FROM   used
       GROUP BY person, subject)
SELECT used.person  AS person,
       printf('%s/tool/%s/%s', used.subject, ifnull(used.server, '-'), ifnull(used.tool, '-')) AS subject,
       CASE WHEN seconds(began.until) - seconds(used.first_at) > :days * 86400 THEN 'pass'
            WHEN seconds(began.until) - seconds(began.at) >= (:days + :history_days) * 86400 THEN 'fail'
       END          AS status,
       printf('%s first used %s on %s at %s, %s; %s', used.called, ifnull(used.tool, 'an unnamed tool'),
              ifnull(used.server, 'an unnamed server'), used.first_at,
              iif(seconds(began.until) - seconds(began.at) >= (:days + :history_days) * 86400,
                  printf('%d calls since, after calls of others from %s on', used.calls, began.at),
                  printf('but was never seen before %s: too little history to call anything new', began.at)), used.path) AS reason,
       used.grade   AS grade,
       used.last_at AS seen_at,
       used.calls   AS calls
FROM   used
JOIN   began USING (person, subject)
UNION ALL
SELECT NULL, blind.source, NULL, blind.reason, NULL, NULL, NULL
FROM   log_blind AS blind
WHERE  blind.lacks IS NULL OR has_scope(blind.lacks, 'principal') OR has_scope(blind.lacks, 'tool') OR has_scope(blind.lacks, 'server');
/*
[[case]]
name           = "a new tool four days before the last day"
account        = [{ id = "o", person = "p" }]
last_day       = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-01T22:00:00Z, source = "flag" }]
tool_call_hour = [
  { source = "l", principal = "o", server = "a", tool = "t", hour_at = 2026-04-01T10:00:00Z, calls = 1, first_at = 2026-04-01T10:00:00Z, last_at = 2026-04-01T10:00:00Z },
  { source = "l", principal = "o", server = "a", tool = "u", hour_at = 2026-04-28T10:00:00Z, calls = 1, first_at = 2026-04-28T10:00:00Z, last_at = 2026-04-28T10:00:00Z },
]
expect         = { "entra:user/o/tool/a/u" = "fail" }

[[case]]
name           = "nothing new"
account        = [{ id = "o", person = "p" }]
last_day       = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-01T22:00:00Z, source = "flag" }]
tool_call_hour = [
  { source = "l", principal = "o", server = "a", tool = "t", hour_at = 2026-04-01T10:00:00Z, calls = 1, first_at = 2026-04-01T10:00:00Z, last_at = 2026-04-01T10:00:00Z },
  { source = "l", principal = "o", server = "a", tool = "t", hour_at = 2026-04-28T10:00:00Z, calls = 1, first_at = 2026-04-28T10:00:00Z, last_at = 2026-04-28T10:00:00Z },
]
expect         = "pass"

[[case]]
name           = "nobody was seen before"
account        = [{ id = "o", person = "p" }]
last_day       = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-01T22:00:00Z, source = "flag" }]
tool_call_hour = [{ source = "l", principal = "o", server = "a", tool = "t", hour_at = 2026-04-28T10:00:00Z, calls = 1, first_at = 2026-04-28T10:00:00Z, last_at = 2026-04-28T10:00:00Z }]
expect         = { "entra:user/o/tool/a/t" = "unknown" }

[[case]]
name           = "the log was cut short"
incomplete     = ["tool_call_hour"]
account        = [{ id = "o", person = "p" }]
expect         = "unknown"

[[case]]
name           = "days are missing in the middle of the log"
account        = [{ id = "o", person = "p" }]
log_table      = [{ source = "l", shape = "documented", last_at = 2026-05-31T23:00:00Z, records = 9 }]
log_silence    = [{ source = "l", from_at = 2026-05-10T00:00:00Z, until_at = 2026-05-12T00:00:00Z, per_million = 0 }]
expect         = { "l" = "unknown" }
*/
