/*
title    = "Somebody acted with what the leaver can reach after the last day"
proven   = "Nobody acted with what the leaver can reach after the last day"
severity = "critical"
why      = "A leaver's runner goes on with cached credentials as a principal without user name: a search for the name finds nothing."
fix      = "Keep the log as evidence first. Close the path that is named, which stops whatever else uses it; then look up what was read, and treat it as disclosed."
monotone = true
controls = { nist = ["PS-4", "AC-2(12)", "AU-6"], iso27001 = ["A.8.15", "A.8.16"], soc2 = ["CC7.2"], cis = ["6.2", "8.11"], owasp-nhi = ["NHI1:2025"], owasp-mcp = ["MCP07:2025"] }
*/
WITH late AS MATERIALIZED (
       SELECT activity.*, last_day.date AS date, last_day.ends_at AS ends_at
       FROM   last_day
       JOIN   activity ON activity.person = last_day.person
       WHERE  activity.last_at >= last_day.ends_at),
     place AS (
       -- The same file may be counted in several rows: at least the largest of them are different.
       SELECT person, subject, hour_at, server, directory, max(resources) AS resources, sum(calls) AS calls
       FROM   late
       GROUP BY person, subject, hour_at, server, directory),
     hour AS (
       SELECT person, subject, hour_at, sum(resources) AS resources, count(directory) AS directories, sum(calls) AS calls,
              row_number() OVER (PARTITION BY person, subject ORDER BY sum(calls) DESC, hour_at) AS place
       FROM   place
       GROUP BY person, subject, hour_at),
     most AS (
       SELECT person, subject, sum(resources) AS resources, count(directory) AS directories
       FROM   (SELECT person, subject, server, directory, max(resources) AS resources
               FROM   place
               GROUP BY person, subject, server, directory)
       GROUP BY person, subject),
     single AS (
       SELECT late.person, late.subject, count(DISTINCT call.server || char(10) || call.resource) AS resources
       FROM   (SELECT DISTINCT person, subject, ends_at FROM late) AS late
       JOIN   caller ON caller.person = late.person AND caller.subject = late.subject
       JOIN   tool_call AS call ON call.principal IS caller.principal AND call.caller_name IS caller.caller_name
       WHERE  call.at >= late.ends_at
       GROUP BY late.person, late.subject),
     total AS (
       SELECT person, subject, own, sure, grade, called, path, date, ends_at,
              sum(calls)              AS calls,
              max(min(first_at), ends_at) AS first_at,
              max(last_at)            AS last_at,
              max(first_at < ends_at) AS straddles,
              group_concat(DISTINCT server) AS servers
       FROM   late
       GROUP BY person, subject)
SELECT total.person           AS person,
       total.subject          AS subject,
       CASE total.sure WHEN 1 THEN 'fail' END AS status,
       CASE WHEN total.own = 1 THEN 'critical'
            WHEN most.directories > 1 AND hour.resources >= 20 THEN 'critical'
            WHEN total.own = 0 THEN 'high'
       END                    AS severity,
       printf('%s made %s%d %s after the last day, %s, was over at %s: at least %d %s in %d %s between %s and %s, %d of the calls in the hour from %s; %s',
              total.called, iif(total.straddles, 'up to ', ''), total.calls, iif(total.calls = 1, 'call', 'calls'),
              total.date, total.ends_at,
              max(most.resources, ifnull(single.resources, 0)), iif(most.resources = 1, 'resource', 'resources'),
              most.directories, iif(most.directories = 1, 'directory', 'directories'),
              total.first_at, total.last_at, hour.calls, hour.hour_at, total.path) AS reason,
       total.grade            AS grade,
       total.last_at          AS seen_at,
       total.calls            AS calls,
       max(most.resources, ifnull(single.resources, 0)) AS resources,
       most.directories       AS directories,
       total.first_at         AS first_at,
       total.last_at          AS last_at,
       total.ends_at          AS last_day_over,
       total.servers          AS servers,
       total.path             AS path
FROM   total
JOIN   most USING (person, subject)
JOIN   hour ON hour.person = total.person AND hour.subject = total.subject AND hour.place = 1
LEFT JOIN single ON single.person = total.person AND single.subject = total.subject
UNION ALL
SELECT NULL, blind.source, NULL, NULL, blind.reason, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM   log_blind AS blind
WHERE  (blind.lacks IS NULL AND ifnull(blind.until_at > (SELECT min(ends_at) FROM last_day), 1))
OR     has_scope(blind.lacks, 'principal');
/*
[[case]]
name           = "the incident: a principal without user name, reached through a federated credential"
person         = [{ id = "p", object_id = "o" }]
account        = [{ id = "o", person = "p" }]
identity       = [{ person = "p", kind = "github", name = "alice-dev" }, { person = "p", kind = "upn", name = "alice@contoso.com" }]
last_day       = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-01T22:00:00Z, source = "flag" }]
service_principal = [{ id = "sp", app_id = "a", name = "deploy" }]
application    = [{ id = "app", app_id = "a" }]
federated_credential = [{ id = "f", object = "app", object_kind = "application", issuer = "https://token.actions.githubusercontent.com", subject = "repo:alice-dev/x:ref:refs/heads/main", owner = "alice-dev" }]
tool_call_hour = [{ source = "l", principal = "sp", hour_at = 2026-05-22T00:00:00Z, server = "fs", tool = "read_file", directory = "/a", calls = 9, resources = 9, first_at = 2026-05-22T00:01:00Z, last_at = 2026-05-22T00:30:00Z }]
expect         = { "entra:service-principal/sp" = "fail" }

[[case]]
name           = "the same without the federated credential: nobody leads there"
person         = [{ id = "p", object_id = "o" }]
account        = [{ id = "o", person = "p" }]
identity       = [{ person = "p", kind = "github", name = "alice-dev" }]
last_day       = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-01T22:00:00Z, source = "flag" }]
tool_call_hour = [{ source = "l", principal = "sp", hour_at = 2026-05-22T00:00:00Z, server = "fs", calls = 9, resources = 9, first_at = 2026-05-22T00:01:00Z, last_at = 2026-05-22T00:30:00Z }]
expect         = "pass"

[[case]]
name           = "the last call is the last thing of the last day"
account        = [{ id = "o", person = "p" }]
last_day       = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-01T22:00:00Z, source = "flag" }]
tool_call_hour = [{ source = "l", principal = "o", hour_at = 2026-05-01T21:00:00Z, calls = 9, first_at = 2026-05-01T21:00:00Z, last_at = 2026-05-01T21:59:59Z }]
expect         = "pass"

[[case]]
name           = "no object id in the record: the name, whatever its case"
identity       = [{ person = "p", kind = "upn", name = "alice@contoso.com" }]
last_day       = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-01T22:00:00Z, source = "flag" }]
tool_call_hour = [{ source = "l", caller_name = "Alice@Contoso.com", hour_at = 2026-05-02T00:00:00Z, calls = 1, first_at = 2026-05-02T00:00:00Z, last_at = 2026-05-02T00:00:00Z }]
expect         = { "logs:caller/alice@contoso.com" = "fail" }

[[case]]
name           = "their name with the object id of another: perhaps the name was given to somebody new"
account        = [{ id = "o", person = "p" }]
identity       = [{ person = "p", kind = "upn", name = "alice@contoso.com" }]
last_day       = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-01T22:00:00Z, source = "flag" }]
tool_call_hour = [{ source = "l", principal = "new", caller_name = "alice@contoso.com", hour_at = 2026-05-02T00:00:00Z, calls = 1, first_at = 2026-05-02T00:00:00Z, last_at = 2026-05-02T00:00:00Z }]
expect         = { "entra:user/new" = "unknown" }

[[case]]
name           = "a runner of the leaver holds the secret of an application"
identity       = [{ person = "p", kind = "github", name = "alice-dev" }]
last_day       = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-01T22:00:00Z, source = "flag" }]
runner         = [{ id = "host:h/r", host = "h", kind = "github", server = "https://github.com/Alice-Dev/tools" }]
sighting       = [{ id = "s", owner_kind = "application", owner_id = "A1", runner = "host:h/r" }]
service_principal = [{ id = "SP", app_id = "a1" }]
tool_call_hour = [{ source = "l", principal = "sp", hour_at = 2026-05-22T00:00:00Z, calls = 9, first_at = 2026-05-22T00:01:00Z, last_at = 2026-05-22T00:30:00Z }]
expect         = { "entra:service-principal/sp" = "fail" }

[[case]]
name           = "a runner of somebody else"
identity       = [{ person = "p", kind = "github", name = "alice-dev" }]
last_day       = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-01T22:00:00Z, source = "flag" }]
runner         = [{ id = "host:h/r", host = "h", kind = "github", server = "https://github.com/contoso/alice-dev" }]
sighting       = [{ id = "s", owner_kind = "application", owner_id = "A1", runner = "host:h/r" }]
service_principal = [{ id = "SP", app_id = "a1" }]
tool_call_hour = [{ source = "l", principal = "sp", hour_at = 2026-05-22T00:00:00Z, calls = 9, first_at = 2026-05-22T00:01:00Z, last_at = 2026-05-22T00:30:00Z }]
expect         = "pass"

[[case]]
name           = "nothing in the log, but the log was not read to its end"
incomplete     = ["tool_call_hour"]
account        = [{ id = "o", person = "p" }]
last_day       = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-01T22:00:00Z, source = "flag" }]
expect         = "unknown"

[[case]]
name           = "a log that holds no object ids cannot answer"
account        = [{ id = "o", person = "p" }]
last_day       = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-01T22:00:00Z, source = "flag" }]
log_table      = [{ source = "l", shape = "gateway-policy", lacks = "principal resource", last_at = 2026-05-20T00:00:00Z, records = 9 }]
expect         = { "l" = "unknown" }

[[case]]
name           = "days are missing after the last day"
account        = [{ id = "o", person = "p" }]
last_day       = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-01T22:00:00Z, source = "flag" }]
log_table      = [{ source = "l", shape = "documented", last_at = 2026-05-31T23:00:00Z, records = 9 }]
log_silence    = [{ source = "l", from_at = 2026-05-10T00:00:00Z, until_at = 2026-05-12T00:00:00Z, per_million = 0 }]
expect         = { "l" = "unknown" }

[[case]]
name           = "days were missing before it, and the weekends after it are as they always were"
account        = [{ id = "o", person = "p" }]
last_day       = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-01T22:00:00Z, source = "flag" }]
log_table      = [{ source = "l", shape = "documented", last_at = 2026-05-31T23:00:00Z, records = 9 }]
log_silence    = [
  { source = "l", from_at = 2026-04-10T00:00:00Z, until_at = 2026-04-12T00:00:00Z, per_million = 0 },
  { source = "l", from_at = 2026-05-08T18:00:00Z, until_at = 2026-05-11T06:00:00Z, per_million = 900000 },
]
expect         = "pass"
*/
