/*
title    = "Very much was read within one hour"
proven   = "Never was very much read within one hour"
severity = "high"
why      = "People read a few files at a time. Hundreds, or dozens of directories, within an hour is a copy being made."
fix      = "Keep the log as evidence first and ask what it was for. If nobody knows, treat what was read as disclosed and close the path that is named: whoever else uses it stops too."
monotone = true
controls = { nist = ["AU-6", "SI-4"], iso27001 = ["A.8.12", "A.8.16"], soc2 = ["CC7.2"], cis = ["3.14"] }

[params]
reads       = 100 # calls that read content, in any 60 minutes
directories = 20  # different directories, in any 60 minutes
resources   = 20  # different resources, in any 60 minutes
*/
WITH who AS MATERIALIZED (
       SELECT person, subject, principal, caller_name FROM caller),
     part AS MATERIALIZED (
       -- An hour of one directory. Rows may count the same resource again: it is at least the largest, at most the sum.
       SELECT who.person, who.subject, seconds(hour.hour_at) / 3600 AS hour, hour.server, hour.directory,
              sum(iif(ifnull(tool_effect(hour.tool, hour.scope), 'read') = 'read', hour.calls, 0)) AS reads,
              sum(hour.calls)     AS calls,
              max(hour.resources) AS at_least,
              sum(hour.resources) AS at_most,
              seconds(min(hour.first_at)) AS starts,
              seconds(max(hour.last_at))  AS ends
       FROM   who
       JOIN   distinct_call_hour AS hour ON hour.principal IS who.principal AND hour.caller_name IS who.caller_name
       GROUP BY who.person, who.subject, hour, hour.server, hour.directory),
     aligned AS MATERIALIZED (
       SELECT person, subject, hour, sum(reads) AS reads, sum(calls) AS calls, sum(at_least) AS at_least, sum(at_most) AS at_most
       FROM   part
       GROUP BY person, subject, hour),
     beside AS (
       SELECT person, subject, hour, reads, calls, at_least, at_most,
              max(ifnull(iif(lag(hour) OVER hours = hour - 1, lag(reads) OVER hours, 0), 0),
                  ifnull(iif(lead(hour) OVER hours = hour + 1, lead(reads) OVER hours, 0), 0))     AS reads_beside,
              max(ifnull(iif(lag(hour) OVER hours = hour - 1, lag(at_most) OVER hours, 0), 0),
                  ifnull(iif(lead(hour) OVER hours = hour + 1, lead(at_most) OVER hours, 0), 0))   AS at_most_beside
       FROM   aligned
       WINDOW hours AS (PARTITION BY person, subject ORDER BY hour)),
     near AS MATERIALIZED (
       -- Hours that stay below by themselves and not together with the one before or after: only there single calls tell.
       SELECT person, subject, hour, calls
       FROM   beside
       WHERE  reads <= :reads AND at_least <= :resources
       AND    (at_most > :resources OR reads + reads_beside > :reads OR at_most + at_most_beside > :resources)),
     single AS MATERIALIZED (
       SELECT near.person, near.subject, near.hour, seconds(call.at) AS second, call.server, call.resource,
              ifnull(tool_effect(call.tool, call.scope), 'read') = 'read' AS reads
       FROM   distinct_call AS call
       JOIN   who ON who.principal IS call.principal AND who.caller_name IS call.caller_name
       JOIN   near ON near.person = who.person AND near.subject = who.subject AND near.hour = seconds(call.at) / 3600),
     unseen AS (
       SELECT near.person, near.subject, min(near.hour) AS hour
       FROM   near
       LEFT JOIN (SELECT person, subject, hour, count(*) AS calls FROM single GROUP BY person, subject, hour) AS kept
         ON   kept.person = near.person AND kept.subject = near.subject AND kept.hour = near.hour
       WHERE  ifnull(kept.calls, 0) < near.calls
       GROUP BY near.person, near.subject),
     read AS (
       SELECT person, subject, max(reads) AS most
       FROM   (SELECT person, subject, reads FROM aligned
               UNION ALL
               SELECT person, subject,
                      count(*) OVER (PARTITION BY person, subject ORDER BY second RANGE BETWEEN 3600 PRECEDING AND CURRENT ROW)
               FROM   single
               WHERE  reads)
       GROUP BY person, subject),
     thing AS (
       SELECT person, subject, 'directory' AS kind, server, directory AS name, starts, ends
       FROM   part
       WHERE  directory IS NOT NULL
       UNION ALL
       SELECT person, subject, 'resource', server, resource, second, second
       FROM   single
       WHERE  resource IS NOT NULL),
     -- A thing counts in every window that ends up to an hour after a call on it; such times are joined where they touch.
     joined AS (
       SELECT person, subject, kind, server, name, starts, ends,
              ifnull(starts > lag(ends) OVER same + 3600, 1) AS fresh
       FROM   thing
       WINDOW same AS (PARTITION BY person, subject, kind, server, name ORDER BY starts, ends)),
     numbered AS (
       SELECT person, subject, kind, server, name, starts, ends,
              sum(fresh) OVER (PARTITION BY person, subject, kind, server, name ORDER BY starts, ends
                               ROWS UNBOUNDED PRECEDING) AS number
       FROM   joined),
     stretch AS (
       SELECT person, subject, kind, min(starts) AS starts, max(ends) + 3600 AS ends
       FROM   numbered
       GROUP BY person, subject, kind, server, name, number),
     edge AS (
       SELECT stretch.person, stretch.subject, stretch.kind, iif(step.change = 1, stretch.starts, stretch.ends) AS second, step.change
       FROM   stretch
       JOIN   (SELECT 1 AS change UNION ALL SELECT -1) AS step),
     level AS (
       SELECT person, subject, kind,
              sum(change) OVER (PARTITION BY person, subject, kind ORDER BY second, change DESC ROWS UNBOUNDED PRECEDING) AS many
       FROM   edge),
     spread AS (
       SELECT person, subject,
              max(iif(kind = 'directory', many, 0)) AS directories,
              max(iif(kind = 'resource', many, 0))  AS resources
       FROM   level
       GROUP BY person, subject),
     peak AS (
       SELECT aligned.person, aligned.subject, read.most AS reads, ifnull(spread.directories, 0) AS directories,
              max(max(aligned.at_least), ifnull(spread.resources, 0)) AS resources
       FROM   aligned
       JOIN   read USING (person, subject)
       LEFT JOIN spread ON spread.person = aligned.person AND spread.subject = aligned.subject
       GROUP BY aligned.person, aligned.subject),
     actor AS (
       SELECT person, subject, sure, grade, max(called) AS called, path FROM caller GROUP BY person, subject)
SELECT peak.person   AS person,
       peak.subject  AS subject,
       CASE WHEN (peak.reads > :reads OR peak.directories > :directories OR peak.resources > :resources) AND actor.sure THEN 'fail'
            WHEN (peak.reads > :reads OR peak.directories > :directories OR peak.resources > :resources) THEN NULL
            WHEN unseen.hour IS NULL THEN 'pass'
       END           AS status,
       printf('%s read %d times within an hour (%d are usual), at least %d different resources (%d) in %d directories (%d)%s; %s',
              actor.called, peak.reads, :reads, peak.resources, :resources, peak.directories, :directories,
              iif(unseen.hour IS NULL, '', '; of some busy hours not all single calls are known'), actor.path) AS reason,
       actor.grade   AS grade,
       peak.reads    AS reads,
       peak.directories AS directories,
       peak.resources AS resources
FROM   peak
JOIN   actor USING (person, subject)
LEFT JOIN unseen ON unseen.person = peak.person AND unseen.subject = peak.subject
UNION ALL
SELECT NULL, blind.source, NULL, blind.reason, NULL, NULL, NULL, NULL
FROM   log_blind AS blind
WHERE  blind.lacks IS NULL OR has_scope(blind.lacks, 'principal') OR has_scope(blind.lacks, 'resource');
/*
[[case]]
name           = "101 reads within one hour of the clock"
account        = [{ id = "o", person = "p" }]
tool_call_hour = [{ source = "l", principal = "o", hour_at = 2026-05-20T10:00:00Z, tool = "read_file", directory = "/a", calls = 101, resources = 1, first_at = 2026-05-20T10:00:00Z, last_at = 2026-05-20T10:59:00Z }]
expect         = { "entra:user/o" = "fail" }

[[case]]
name           = "100 reads, 20 directories, 20 resources: still usual"
account        = [{ id = "o", person = "p" }]
tool_call_hour = [{ source = "l", principal = "o", hour_at = 2026-05-20T10:00:00Z, tool = "read_file", directory = "/a", calls = 100, resources = 20, first_at = 2026-05-20T10:00:00Z, last_at = 2026-05-20T10:59:00Z }]
expect         = "pass"

[[case]]
name           = "three directories and three resources around the full hour"
now            = 2026-06-01
account        = [{ id = "o", person = "p" }]
tool_call_hour = [
  { source = "l", principal = "o", hour_at = 2026-05-20T10:00:00Z, tool = "read_file", directory = "/a", calls = 100, resources = 20, first_at = 2026-05-20T10:59:00Z, last_at = 2026-05-20T10:59:59Z },
  { source = "l", principal = "o", hour_at = 2026-05-20T11:00:00Z, tool = "read_file", directory = "/b", calls = 1, resources = 1, first_at = 2026-05-20T11:59:59Z, last_at = 2026-05-20T11:59:59Z },
]
expect         = "unknown"

[[case]]
name           = "a call that does not read is none of 100"
account        = [{ id = "o", person = "p" }]
tool_call_hour = [{ source = "l", principal = "o", hour_at = 2026-05-20T10:00:00Z, tool = "write_file", directory = "/a", calls = 999, resources = 1, first_at = 2026-05-20T10:00:00Z, last_at = 2026-05-20T10:59:00Z }]
expect         = "pass"

[[case]]
name           = "a log without resources cannot tell"
account        = [{ id = "o", person = "p" }]
log_table      = [{ source = "l", lacks = "resource latency_ms", last_at = 2026-05-20T00:00:00Z, records = 9 }]
expect         = { "l" = "unknown" }

[[case]]
name           = "the log was cut short"
incomplete     = ["tool_call"]
account        = [{ id = "o", person = "p" }]
expect         = "unknown"

[[case]]
name           = "days are missing in the middle of the log"
account        = [{ id = "o", person = "p" }]
log_table      = [{ source = "l", shape = "documented", last_at = 2026-05-31T23:00:00Z, records = 9 }]
log_silence    = [{ source = "l", from_at = 2026-05-10T00:00:00Z, until_at = 2026-05-12T00:00:00Z, per_million = 0 }]
expect         = { "l" = "unknown" }
*/
