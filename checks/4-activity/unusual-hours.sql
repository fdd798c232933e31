/*
title    = "In the last weeks of work far more was done outside working hours than usual"
proven   = "In the last weeks of work no more was done outside working hours than usual"
severity = "medium"
why      = "Who takes something along does it when nobody looks."
fix      = "Look at what was done in these hours; ask the manager before anything else."
controls = { nist = ["AU-6", "PS-4"], iso27001 = ["A.8.16"], soc2 = ["CC7.2"], cis = ["8.11"] }

[params]
recent_days  = 30 # the last days, up to the last day of work; what was before is the baseline
history_days = 10 # so many days with calls make a baseline
points       = 20 # per cent of the calls outside working hours above those of the baseline
calls        = 10 # and so many calls at least
*/
WITH own AS MATERIALIZED (
       SELECT person, subject, calls, day, outside,
              seconds(hour_at) >= seconds(min(ends_at, :now)) - :recent_days * 86400 AS recent
       FROM   worked_hour),
     share AS (
       SELECT person, subject,
              count(DISTINCT iif(recent, NULL, day))  AS days,
              total(iif(recent AND outside, calls, 0)) AS outside,
              round(100.0 * total(iif(recent AND outside, calls, 0)) / nullif(total(iif(recent, calls, 0)), 0), 1)     AS recent,
              round(100.0 * total(iif(NOT recent AND outside, calls, 0)) / nullif(total(iif(recent, 0, calls)), 0), 1) AS before
       FROM   own
       GROUP BY person, subject)
SELECT person  AS person,
       subject AS subject,
       CASE WHEN days < :history_days THEN NULL
            WHEN recent IS NULL THEN 'pass'
            WHEN recent - before >= :points AND outside >= :calls THEN 'fail'
            WHEN recent - before < :points OR outside < :calls THEN 'pass'
       END     AS status,
       iif(days < :history_days,
           printf('only %d days with calls before the last %d: too few to say what is usual', days, :recent_days),
           printf('%g %% of the calls of the last %d days, %d calls, were made outside working hours, %g %% on the %d days with calls before',
                  recent, :recent_days, outside, before, days)) AS reason,
       recent  AS recent_percent,
       before  AS baseline_percent,
       days    AS baseline_days
FROM   share
UNION ALL
SELECT NULL, blind.source, NULL, blind.reason, NULL, NULL, NULL
FROM   log_blind AS blind
WHERE  blind.lacks IS NULL OR has_scope(blind.lacks, 'principal');
/*
[[case]]
name              = "at night, as never before"
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
  { source = "l", principal = "o", hour_at = 2026-04-20T22:00:00Z, server = "a", tool = "t", calls = 40, first_at = 2026-04-20T22:00:00Z, last_at = 2026-04-20T22:10:00Z },
]
expect            = { "entra:user/o" = "fail" }

[[case]]
name              = "by day, as always"
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
  { source = "l", principal = "o", hour_at = 2026-04-20T10:00:00Z, server = "a", tool = "t", calls = 40, first_at = 2026-04-20T10:00:00Z, last_at = 2026-04-20T10:10:00Z },
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
expect            = { "entra:user/o" = "unknown" }

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
