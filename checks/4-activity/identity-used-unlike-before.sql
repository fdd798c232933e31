/*
title    = "An identity within the leaver's reach was used outside working hours for what it never does"
proven   = "No identity within the leaver's reach was used outside working hours for what it never does"
severity = "critical"
why      = "A pipeline works on its own few directories day after day. Many others in one night is somebody with its credentials."
fix      = "Keep the log as evidence first. Then cut off the identity and close the path that is named: pipelines that share the identity stop too. Treat what was read as disclosed."
monotone = true
controls = { nist = ["AU-6", "SI-4", "PS-4"], iso27001 = ["A.8.16"], soc2 = ["CC7.2"], cis = ["8.11"], owasp-nhi = ["NHI9:2025"] }

[params]
directories  = 10  # so many directories that it never touched before, in one local day outside working hours
resources    = 100 # or so many resources in such directories
history_days = 7   # what came earlier than that after the log begins has nothing to be compared with
*/
WITH dated AS (
       SELECT person, subject, called, path, grade, source, server, directory, resources, calls, first_at, last_at,
              min(first_at) OVER (PARTITION BY person, subject, server, directory) AS began_at
       FROM   activity
       WHERE  own = 0),
     fresh AS (
       SELECT dated.person, dated.subject, dated.called, dated.path, dated.grade, dated.server, dated.directory,
              substr(local_time(dated.first_at, zone), 1, 10) AS day,
              max(dated.resources)   AS resources,
              sum(dated.calls)       AS calls,
              min(dated.first_at)    AS first_at,
              max(dated.last_at)     AS last_at,
              min(log_table.from_at) AS from_at
       FROM   dated
       JOIN   organization_time
       LEFT JOIN log_table ON log_table.source = dated.source
       WHERE  seconds(dated.first_at) - seconds(dated.began_at) < 86400
       AND    (outside_working_hours(dated.first_at, zone, starts, ends)
               OR outside_working_hours(dated.last_at, zone, starts, ends))
       GROUP BY dated.person, dated.subject, dated.server, dated.directory, day),
     night AS (
       SELECT person, subject, called, path, grade, day, count(directory) AS directories, sum(resources) AS resources,
              sum(calls) AS calls, min(first_at) AS first_at, max(last_at) AS last_at, min(from_at) AS from_at
       FROM   fresh
       GROUP BY person, subject, day)
SELECT night.person  AS person,
       night.subject AS subject,
       CASE WHEN night.directories < :directories AND night.resources < :resources THEN 'pass'
            WHEN seconds(night.first_at) - seconds(night.from_at) >= :history_days * 86400 THEN 'fail'
       END           AS status,
       printf('%s made %d calls outside working hours on %s, between %s and %s local time, for at least %d resources in %d directories that it had never touched before; %s',
              night.called, night.calls, night.day, substr(local_time(night.first_at, zone), 12, 5),
              substr(local_time(night.last_at, zone), 12, 5), night.resources, night.directories, night.path) AS reason,
       night.grade   AS grade,
       night.last_at AS seen_at,
       night.directories AS new_directories,
       night.resources AS new_resources,
       printf('%d directories or %d resources', :directories, :resources) AS threshold
FROM   night
JOIN   organization_time
UNION ALL
SELECT NULL, blind.source, NULL, blind.reason, NULL, NULL, NULL, NULL, NULL
FROM   log_blind AS blind
WHERE  blind.lacks IS NULL OR has_scope(blind.lacks, 'principal') OR has_scope(blind.lacks, 'resource');
/*
[[case]]
name              = "one night in a directory where it never was"
account           = [{ id = "o", person = "p" }]
application       = [{ id = "app", app_id = "a" }]
service_principal = [{ id = "sp", app_id = "a" }]
credential        = [{ object = "app", object_kind = "application", key_id = "k" }]
credential_event  = [{ person = "p", object = "app", key_id = "k", change = "added" }]
organization_time = [{ zone = "Europe/Berlin", starts = "07:00", ends = "20:00" }]
log_table         = [{ source = "l", from_at = 2026-03-01T00:00:00Z, last_at = 2026-05-22T01:00:00Z, records = 9 }]
tool_call_hour    = [
  { source = "l", principal = "sp", hour_at = 2026-05-20T10:00:00Z, directory = "/usual", calls = 900, resources = 900, first_at = 2026-05-20T10:00:00Z, last_at = 2026-05-20T10:10:00Z },
  { source = "l", principal = "sp", hour_at = 2026-05-22T00:00:00Z, directory = "/other", calls = 100, resources = 100, first_at = 2026-05-22T00:00:00Z, last_at = 2026-05-22T00:10:00Z },
]
expect            = { "entra:service-principal/sp" = "fail" }

[[case]]
name              = "a pipeline that works at night as always"
application       = [{ id = "app", app_id = "a" }]
service_principal = [{ id = "sp", app_id = "a" }]
credential        = [{ object = "app", object_kind = "application", key_id = "k" }]
credential_event  = [{ person = "p", object = "app", key_id = "k", change = "added" }]
organization_time = [{ zone = "Europe/Berlin", starts = "07:00", ends = "20:00" }]
log_table         = [{ source = "l", from_at = 2026-03-01T00:00:00Z, last_at = 2026-05-22T01:00:00Z, records = 9 }]
tool_call_hour    = [
  { source = "l", principal = "sp", hour_at = 2026-03-01T00:00:00Z, directory = "/usual", calls = 900, resources = 99, first_at = 2026-03-01T00:00:00Z, last_at = 2026-03-01T00:10:00Z },
  { source = "l", principal = "sp", hour_at = 2026-05-22T00:00:00Z, directory = "/usual", calls = 900, resources = 900, first_at = 2026-05-22T00:00:00Z, last_at = 2026-05-22T00:10:00Z },
]
expect            = "pass"

[[case]]
name              = "the log begins with that night: nobody can say what is usual"
application       = [{ id = "app", app_id = "a" }]
service_principal = [{ id = "sp", app_id = "a" }]
credential        = [{ object = "app", object_kind = "application", key_id = "k" }]
credential_event  = [{ person = "p", object = "app", key_id = "k", change = "added" }]
organization_time = [{ zone = "Europe/Berlin", starts = "07:00", ends = "20:00" }]
log_table         = [{ source = "l", from_at = 2026-05-21T00:00:00Z, last_at = 2026-05-22T01:00:00Z, records = 9 }]
tool_call_hour    = [{ source = "l", principal = "sp", hour_at = 2026-05-22T00:00:00Z, directory = "/other", calls = 100, resources = 100, first_at = 2026-05-22T00:00:00Z, last_at = 2026-05-22T00:10:00Z }]
expect            = { "entra:service-principal/sp" = "unknown" }

[[case]]
name              = "nobody knows when people work"
incomplete        = ["organization_time"]
account           = [{ id = "o", person = "p" }]
expect            = "unknown"

[[case]]
name           = "days are missing in the middle of the log"
account        = [{ id = "o", person = "p" }]
log_table      = [{ source = "l", shape = "documented", last_at = 2026-05-31T23:00:00Z, records = 9 }]
log_silence    = [{ source = "l", from_at = 2026-05-10T00:00:00Z, until_at = 2026-05-12T00:00:00Z, per_million = 0 }]
expect         = { "l" = "unknown" }
*/
