/*
title    = "In the last weeks of work places and tools were used that never were before"
proven   = "In the last weeks of work no place and no tool was used that never was before"
severity = "medium"
why      = "Who takes something along looks where the daily work never leads."
fix      = "Compare with the work that was planned; ask the manager before anything else."
controls = { nist = ["AU-6", "PS-4"], iso27001 = ["A.8.16"], soc2 = ["CC7.2"], cis = ["8.11"] }

[params]
recent_days     = 30 # the last days, up to the last day of work; what was before is the baseline
history_days    = 10 # so many days with calls make a baseline
new_directories = 10 # so many directories that were never touched before; of servers and tools, one is enough
*/
WITH own AS MATERIALIZED (
       SELECT activity.person, activity.subject, activity.server, activity.tool, activity.directory,
              min(last_day.ends_at, :now) AS until, sum(activity.calls) AS calls, min(activity.first_at) AS first_at
       FROM   activity
       JOIN   last_day ON last_day.person = activity.person
       WHERE  activity.own = 1 AND activity.sure = 1
       AND    activity.first_at < min(last_day.ends_at, :now)
       GROUP BY activity.person, activity.subject, activity.server, activity.tool, activity.directory),
     place AS (
       SELECT person, subject, 'directory' AS kind, ifnull(server, '-') || ' ' || directory AS name,
              seconds(min(first_at)) >= seconds(until) - :recent_days * 86400 AS fresh, sum(calls) AS calls
       FROM   own
       WHERE  directory IS NOT NULL
       GROUP BY person, subject, server, directory
       UNION ALL
       SELECT person, subject, 'tool', ifnull(server, '-') || ' ' || ifnull(tool, '-'),
              seconds(min(first_at)) >= seconds(until) - :recent_days * 86400, sum(calls)
       FROM   own
       GROUP BY person, subject, server, tool),
     someone AS (
       SELECT person, subject, count(DISTINCT day) AS days
       FROM   worked_hour
       WHERE  seconds(hour_at) < seconds(min(ends_at, :now)) - :recent_days * 86400
       GROUP BY person, subject)
SELECT place.person AS person,
       printf('%s/new-%s', place.subject, place.kind) AS subject,
       CASE WHEN ifnull(someone.days, 0) < :history_days THEN NULL
            WHEN sum(place.fresh) >= iif(place.kind = 'directory', :new_directories, 1) THEN 'fail'
            WHEN sum(place.fresh) < iif(place.kind = 'directory', :new_directories, 1) THEN 'pass'
       END          AS status,
       iif(ifnull(someone.days, 0) < :history_days,
           printf('only %d days with calls before the last %d: too few to say what is usual', ifnull(someone.days, 0), :recent_days),
           printf('%d of %d places of this kind (%s) were first used in the last %d days, and on none of the %d days with calls before: %s',
                  sum(place.fresh), count(*), place.kind, :recent_days, someone.days,
                  substr(group_concat(iif(place.fresh, printf('%s (%d calls)', place.name, place.calls), NULL), '; '), 1, 400))) AS reason,
       sum(place.fresh) AS fresh,
       count(*)     AS known,
       someone.days AS baseline_days
FROM   place
LEFT JOIN someone USING (person, subject)
GROUP BY place.person, place.subject, place.kind
UNION ALL
SELECT NULL, blind.source, NULL, blind.reason, NULL, NULL, NULL
FROM   log_blind AS blind
WHERE  blind.lacks IS NULL OR has_scope(blind.lacks, 'principal');
/*
[[case]]
name              = "a server that was never used before"
account           = [{ id = "o", person = "p" }]
last_day          = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-01T22:00:00Z, source = "flag" }]
organization_time = [{ zone = "Europe/Berlin", starts = "07:00", ends = "20:00" }]
tool_call_hour    = [
  { source = "l", principal = "o", hour_at = 2026-03-02T10:00:00Z, server = "a", tool = "t", calls = 10, first_at = 2026-03-02T10:00:00Z, last_at = 2026-03-02T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-03-03T10:00:00Z, server = "a", tool = "t", calls = 11, first_at = 2026-03-03T10:00:00Z, last_at = 2026-03-03T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-03-04T10:00:00Z, server = "a", tool = "t", calls = 12, first_at = 2026-03-04T10:00:00Z, last_at = 2026-03-04T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-03-05T10:00:00Z, server = "a", tool = "t", calls = 10, first_at = 2026-03-05T10:00:00Z, last_at = 2026-03-05T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-03-06T10:00:00Z, server = "a", tool = "t", calls = 11, first_at = 2026-03-06T10:00:00Z, last_at = 2026-03-06T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-03-09T10:00:00Z, server = "a", tool = "t", calls = 12, first_at = 2026-03-09T10:00:00Z, last_at = 2026-03-09T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-03-10T10:00:00Z, server = "a", tool = "t", calls = 10, first_at = 2026-03-10T10:00:00Z, last_at = 2026-03-10T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-03-11T10:00:00Z, server = "a", tool = "t", calls = 11, first_at = 2026-03-11T10:00:00Z, last_at = 2026-03-11T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-03-12T10:00:00Z, server = "a", tool = "t", calls = 12, first_at = 2026-03-12T10:00:00Z, last_at = 2026-03-12T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-03-13T10:00:00Z, server = "a", tool = "t", calls = 10, first_at = 2026-03-13T10:00:00Z, last_at = 2026-03-13T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-04-20T10:00:00Z, server = "b", tool = "t", calls = 1, first_at = 2026-04-20T10:00:00Z, last_at = 2026-04-20T10:10:00Z },
]
expect            = { "entra:user/o/new-tool" = "fail" }

[[case]]
name              = "ten directories that were never touched before"
account           = [{ id = "o", person = "p" }]
last_day          = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-01T22:00:00Z, source = "flag" }]
organization_time = [{ zone = "Europe/Berlin", starts = "07:00", ends = "20:00" }]
tool_call_hour    = [
  { source = "l", principal = "o", hour_at = 2026-03-02T10:00:00Z, server = "a", tool = "t", calls = 10, first_at = 2026-03-02T10:00:00Z, last_at = 2026-03-02T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-03-03T10:00:00Z, server = "a", tool = "t", calls = 11, first_at = 2026-03-03T10:00:00Z, last_at = 2026-03-03T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-03-04T10:00:00Z, server = "a", tool = "t", calls = 12, first_at = 2026-03-04T10:00:00Z, last_at = 2026-03-04T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-03-05T10:00:00Z, server = "a", tool = "t", calls = 10, first_at = 2026-03-05T10:00:00Z, last_at = 2026-03-05T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-03-06T10:00:00Z, server = "a", tool = "t", calls = 11, first_at = 2026-03-06T10:00:00Z, last_at = 2026-03-06T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-03-09T10:00:00Z, server = "a", tool = "t", calls = 12, first_at = 2026-03-09T10:00:00Z, last_at = 2026-03-09T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-03-10T10:00:00Z, server = "a", tool = "t", calls = 10, first_at = 2026-03-10T10:00:00Z, last_at = 2026-03-10T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-03-11T10:00:00Z, server = "a", tool = "t", calls = 11, first_at = 2026-03-11T10:00:00Z, last_at = 2026-03-11T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-03-12T10:00:00Z, server = "a", tool = "t", calls = 12, first_at = 2026-03-12T10:00:00Z, last_at = 2026-03-12T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-03-13T10:00:00Z, server = "a", tool = "t", calls = 10, first_at = 2026-03-13T10:00:00Z, last_at = 2026-03-13T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-04-20T10:00:00Z, server = "a", tool = "t", directory = "/n0", calls = 1, first_at = 2026-04-20T10:00:00Z, last_at = 2026-04-20T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-04-20T10:00:00Z, server = "a", tool = "t", directory = "/n1", calls = 1, first_at = 2026-04-20T10:00:00Z, last_at = 2026-04-20T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-04-20T10:00:00Z, server = "a", tool = "t", directory = "/n2", calls = 1, first_at = 2026-04-20T10:00:00Z, last_at = 2026-04-20T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-04-20T10:00:00Z, server = "a", tool = "t", directory = "/n3", calls = 1, first_at = 2026-04-20T10:00:00Z, last_at = 2026-04-20T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-04-20T10:00:00Z, server = "a", tool = "t", directory = "/n4", calls = 1, first_at = 2026-04-20T10:00:00Z, last_at = 2026-04-20T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-04-20T10:00:00Z, server = "a", tool = "t", directory = "/n5", calls = 1, first_at = 2026-04-20T10:00:00Z, last_at = 2026-04-20T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-04-20T10:00:00Z, server = "a", tool = "t", directory = "/n6", calls = 1, first_at = 2026-04-20T10:00:00Z, last_at = 2026-04-20T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-04-20T10:00:00Z, server = "a", tool = "t", directory = "/n7", calls = 1, first_at = 2026-04-20T10:00:00Z, last_at = 2026-04-20T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-04-20T10:00:00Z, server = "a", tool = "t", directory = "/n8", calls = 1, first_at = 2026-04-20T10:00:00Z, last_at = 2026-04-20T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-04-20T10:00:00Z, server = "a", tool = "t", directory = "/n9", calls = 1, first_at = 2026-04-20T10:00:00Z, last_at = 2026-04-20T10:10:00Z },
]
expect            = { "entra:user/o/new-directory" = "fail" }

[[case]]
name              = "nine directories, and nothing else"
account           = [{ id = "o", person = "p" }]
last_day          = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-01T22:00:00Z, source = "flag" }]
organization_time = [{ zone = "Europe/Berlin", starts = "07:00", ends = "20:00" }]
tool_call_hour    = [
  { source = "l", principal = "o", hour_at = 2026-03-02T10:00:00Z, server = "a", tool = "t", calls = 10, first_at = 2026-03-02T10:00:00Z, last_at = 2026-03-02T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-03-03T10:00:00Z, server = "a", tool = "t", calls = 11, first_at = 2026-03-03T10:00:00Z, last_at = 2026-03-03T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-03-04T10:00:00Z, server = "a", tool = "t", calls = 12, first_at = 2026-03-04T10:00:00Z, last_at = 2026-03-04T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-03-05T10:00:00Z, server = "a", tool = "t", calls = 10, first_at = 2026-03-05T10:00:00Z, last_at = 2026-03-05T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-03-06T10:00:00Z, server = "a", tool = "t", calls = 11, first_at = 2026-03-06T10:00:00Z, last_at = 2026-03-06T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-03-09T10:00:00Z, server = "a", tool = "t", calls = 12, first_at = 2026-03-09T10:00:00Z, last_at = 2026-03-09T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-03-10T10:00:00Z, server = "a", tool = "t", calls = 10, first_at = 2026-03-10T10:00:00Z, last_at = 2026-03-10T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-03-11T10:00:00Z, server = "a", tool = "t", calls = 11, first_at = 2026-03-11T10:00:00Z, last_at = 2026-03-11T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-03-12T10:00:00Z, server = "a", tool = "t", calls = 12, first_at = 2026-03-12T10:00:00Z, last_at = 2026-03-12T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-03-13T10:00:00Z, server = "a", tool = "t", calls = 10, first_at = 2026-03-13T10:00:00Z, last_at = 2026-03-13T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-04-20T10:00:00Z, server = "a", tool = "t", directory = "/n0", calls = 1, first_at = 2026-04-20T10:00:00Z, last_at = 2026-04-20T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-04-20T10:00:00Z, server = "a", tool = "t", directory = "/n1", calls = 1, first_at = 2026-04-20T10:00:00Z, last_at = 2026-04-20T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-04-20T10:00:00Z, server = "a", tool = "t", directory = "/n2", calls = 1, first_at = 2026-04-20T10:00:00Z, last_at = 2026-04-20T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-04-20T10:00:00Z, server = "a", tool = "t", directory = "/n3", calls = 1, first_at = 2026-04-20T10:00:00Z, last_at = 2026-04-20T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-04-20T10:00:00Z, server = "a", tool = "t", directory = "/n4", calls = 1, first_at = 2026-04-20T10:00:00Z, last_at = 2026-04-20T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-04-20T10:00:00Z, server = "a", tool = "t", directory = "/n5", calls = 1, first_at = 2026-04-20T10:00:00Z, last_at = 2026-04-20T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-04-20T10:00:00Z, server = "a", tool = "t", directory = "/n6", calls = 1, first_at = 2026-04-20T10:00:00Z, last_at = 2026-04-20T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-04-20T10:00:00Z, server = "a", tool = "t", directory = "/n7", calls = 1, first_at = 2026-04-20T10:00:00Z, last_at = 2026-04-20T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-04-20T10:00:00Z, server = "a", tool = "t", directory = "/n8", calls = 1, first_at = 2026-04-20T10:00:00Z, last_at = 2026-04-20T10:10:00Z },
]
expect            = "pass"

[[case]]
name              = "too little history"
account           = [{ id = "o", person = "p" }]
last_day          = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-01T22:00:00Z, source = "flag" }]
organization_time = [{ zone = "Europe/Berlin", starts = "07:00", ends = "20:00" }]
tool_call_hour    = [
  { source = "l", principal = "o", hour_at = 2026-04-20T10:00:00Z, server = "a", tool = "t", calls = 10, first_at = 2026-04-20T10:00:00Z, last_at = 2026-04-20T10:10:00Z },
]
expect            = { "entra:user/o/new-tool" = "unknown" }

[[case]]
name              = "the last day is not known"
incomplete        = ["last_day"]
account           = [{ id = "o", person = "p" }]
expect            = "unknown"

[[case]]
name           = "days are missing in the middle of the log"
account        = [{ id = "o", person = "p" }]
log_table      = [{ source = "l", shape = "documented", last_at = 2026-05-31T23:00:00Z, records = 9 }]
log_silence    = [{ source = "l", from_at = 2026-05-10T00:00:00Z, until_at = 2026-05-12T00:00:00Z, per_million = 0 }]
expect         = { "l" = "unknown" }
*/
