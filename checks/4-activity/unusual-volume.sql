/*
title    = "On some of the last days of work far more was done than usual"
proven   = "On none of the last days of work was far more done than usual"
severity = "medium"
why      = "Who is about to leave and takes something along does it in the last weeks, and it takes more calls than work does."
fix      = "Look at these days call by call; ask the manager before anything else."
controls = { nist = ["AU-6", "PS-4"], iso27001 = ["A.8.16"], soc2 = ["CC7.2"], cis = ["8.11"] }

[params]
recent_days  = 30 # the last days, up to the last day of work; what was before is the baseline
history_days = 10 # so many days with calls make a baseline
deviations   = 8  # a day is unusual so many median deviations above the median
unusual_days = 1  # so many unusual days are a finding
*/
WITH own AS MATERIALIZED (
       SELECT person, subject, calls, day, outside,
              seconds(hour_at) >= seconds(min(ends_at, :now)) - :recent_days * 86400 AS recent
       FROM   worked_hour),
     day AS (
       SELECT person, subject, day, recent, sum(calls) AS calls,
              row_number() OVER (PARTITION BY person, subject, recent ORDER BY sum(calls)) AS place,
              count(*) OVER (PARTITION BY person, subject, recent) AS days
       FROM   own
       GROUP BY person, subject, recent, day),
     middle AS (
       SELECT person, subject, day, recent, calls, days,
              avg(iif(recent = 0 AND place IN ((days + 1) / 2, (days + 2) / 2), calls, NULL)) OVER (PARTITION BY person, subject) AS median
       FROM   day),
     distance AS (
       SELECT person, subject, day, recent, calls, days, median, abs(calls - median) AS distance,
              row_number() OVER (PARTITION BY person, subject, recent ORDER BY abs(calls - median)) AS place
       FROM   middle),
     base AS (
       SELECT person, subject, day, recent, calls, days, median,
              -- Who works evenly deviates by nothing: a tenth of the median, and one call, are always usual.
              max(1.4826 * avg(iif(recent = 0 AND place IN ((days + 1) / 2, (days + 2) / 2), distance, NULL)) OVER (PARTITION BY person, subject),
                  median / 10.0, 1.0) AS deviation
       FROM   distance),
     someone AS (
       SELECT person, subject, max(median) AS median, max(deviation) AS deviation, sum(NOT recent) AS days, sum(recent) AS recent_days,
              total(recent AND calls > median + :deviations * deviation)        AS unusual,
              max(iif(recent, calls, 0))                                        AS most,
              min(iif(recent AND calls > median + :deviations * deviation, day, NULL)) AS first_day
       FROM   base
       GROUP BY person, subject)
SELECT person  AS person,
       subject AS subject,
       CASE WHEN days < :history_days THEN NULL
            WHEN unusual >= :unusual_days THEN 'fail'
            WHEN unusual < :unusual_days THEN 'pass'
       END     AS status,
       iif(days < :history_days,
           printf('only %d days with calls before the last %d: too few to say what is usual', days, :recent_days),
           printf('%d of %d days with calls in the last %d are unusual, the first on %s: up to %d calls a day; the median of the %d days before is %g, its deviation %g',
                  unusual, recent_days, :recent_days, first_day, most, days, median, round(deviation, 1))) AS reason,
       median  AS median_calls,
       round(deviation, 1) AS deviation,
       days    AS baseline_days
FROM   someone
UNION ALL
SELECT NULL, blind.source, NULL, blind.reason, NULL, NULL, NULL
FROM   log_blind AS blind
WHERE  blind.lacks IS NULL OR has_scope(blind.lacks, 'principal');
/*
[[case]]
name              = "twenty times as many calls on one day"
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
  { source = "l", principal = "o", hour_at = 2026-04-20T10:00:00Z, server = "a", tool = "t", calls = 200, first_at = 2026-04-20T10:00:00Z, last_at = 2026-04-20T10:10:00Z },
]
expect            = { "entra:user/o" = "fail" }

[[case]]
name              = "a little more, for good"
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
  { source = "l", principal = "o", hour_at = 2026-04-20T10:00:00Z, server = "a", tool = "t", calls = 15, first_at = 2026-04-20T10:00:00Z, last_at = 2026-04-20T10:10:00Z },
  { source = "l", principal = "o", hour_at = 2026-04-21T10:00:00Z, server = "a", tool = "t", calls = 16, first_at = 2026-04-21T10:00:00Z, last_at = 2026-04-21T10:10:00Z },
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
