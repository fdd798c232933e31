/*
title    = "Tools were tried one after the other and refused"
proven   = "Tools were not tried one after the other and refused"
severity = "high"
why      = "Somebody who is refused again and again within minutes is looking for what the credentials can still open."
fix      = "Find out first who it was. Then close the path that is named, which stops whoever else uses it, and look at what was not refused around that time."
monotone = true
controls = { nist = ["AU-6", "SI-4", "AC-7"], iso27001 = ["A.8.16"], soc2 = ["CC7.2"], cis = ["8.11"], owasp-mcp = ["MCP02:2025"] }

[params]
refusals = 5   # in any such span
seconds  = 600 # how long it is; an hour at most
*/
WITH who AS MATERIALIZED (
       SELECT person, subject, principal, caller_name, sure, grade, called, path FROM caller),
     aligned AS (
       SELECT who.person, who.subject, hour.hour_at, sum(hour.calls) AS refused, min(hour.first_at) AS first_at, max(hour.last_at) AS last_at
       FROM   who
       JOIN   distinct_call_hour AS hour ON hour.principal IS who.principal AND hour.caller_name IS who.caller_name
       WHERE  hour.status = 403
       GROUP BY who.person, who.subject, hour.hour_at),
     single AS MATERIALIZED (
       SELECT who.person, who.subject, call.at, seconds(call.at) AS second, call.tool,
              has_scope(call.scope, 'mcp.tools.admin') OR has_scope(call.scope, 'mcp.tools.secrets')
              OR call.tool LIKE '%admin%' OR call.tool LIKE '%secret%' AS sensitive
       FROM   who
       JOIN   distinct_call AS call ON call.principal IS who.principal AND call.caller_name IS who.caller_name
       WHERE  call.status = 403),
     run AS (
       SELECT person, subject, at,
              count(*) OVER span       AS refused,
              max(sensitive) OVER span AS sensitive
       FROM   single
       WINDOW span AS (PARTITION BY person, subject ORDER BY second RANGE BETWEEN :seconds PRECEDING AND CURRENT ROW)
       UNION ALL
       -- So many in an hour that one of its parts holds more than are allowed, whichever.
       SELECT person, subject, last_at, refused * :seconds / (3600 + :seconds), 0
       FROM   aligned),
     peak AS (
       SELECT person, subject, max(refused) AS most, min(iif(refused > :refusals, at, NULL)) AS first_at,
              max(iif(refused > :refusals, at, NULL)) AS last_at, max(iif(refused > :refusals, sensitive, 0)) AS sensitive
       FROM   run
       GROUP BY person, subject),
     unseen AS (
       SELECT aligned.person, aligned.subject, sum(aligned.refused) AS refused
       FROM   aligned
       GROUP BY aligned.person, aligned.subject
       HAVING sum(aligned.refused) > (SELECT count(*) FROM single WHERE single.person = aligned.person AND single.subject = aligned.subject))
SELECT peak.person  AS person,
       peak.subject AS subject,
       CASE WHEN peak.most > :refusals AND who.sure THEN 'fail'
            WHEN peak.most > :refusals THEN NULL
            WHEN unseen.refused IS NULL THEN 'pass'
       END          AS status,
       CASE WHEN peak.sensitive THEN 'critical' END AS severity,
       printf('%s was refused %d times within %d seconds%s, from %s to %s; %s', who.called, peak.most, :seconds,
              iif(peak.sensitive, ', also by tools of the admin or secrets scope', ''),
              ifnull(peak.first_at, 'an unknown time'), ifnull(peak.last_at, 'an unknown time'), who.path) AS reason,
       who.grade    AS grade,
       peak.last_at AS seen_at,
       peak.most    AS refused
FROM   peak
JOIN   (SELECT person, subject, sure, grade, path, max(called) AS called FROM who GROUP BY person, subject) AS who USING (person, subject)
LEFT JOIN unseen ON unseen.person = peak.person AND unseen.subject = peak.subject
UNION ALL
SELECT NULL, blind.source, NULL, NULL, blind.reason, NULL, NULL, NULL
FROM   log_blind AS blind
WHERE  blind.lacks IS NULL OR has_scope(blind.lacks, 'principal') OR has_scope(blind.lacks, 'status');
/*
[[case]]
name      = "six refusals around the full ten minutes"
account   = [{ id = "o", person = "p" }]
tool_call_hour = [{ source = "l", principal = "o", hour_at = 2026-05-20T10:00:00Z, status = 403, calls = 6, first_at = 2026-05-20T10:08:00Z, last_at = 2026-05-20T10:17:59Z }]
tool_call = [
  { source = "l", principal = "o", at = 2026-05-20T10:08:00Z, status = 403 },
  { source = "l", principal = "o", at = 2026-05-20T10:08:01Z, status = 403 },
  { source = "l", principal = "o", at = 2026-05-20T10:09:00Z, status = 403 },
  { source = "l", principal = "o", at = 2026-05-20T10:11:00Z, status = 403 },
  { source = "l", principal = "o", at = 2026-05-20T10:12:00Z, status = 403 },
  { source = "l", principal = "o", at = 2026-05-20T10:17:59Z, status = 403, scope = "mcp.tools.secrets" },
]
expect    = { "entra:user/o" = "fail" }

[[case]]
name      = "five are not enough, and more than ten minutes are too long"
account   = [{ id = "o", person = "p" }]
tool_call_hour = [{ source = "l", principal = "o", hour_at = 2026-05-20T10:00:00Z, status = 403, calls = 6, first_at = 2026-05-20T10:08:00Z, last_at = 2026-05-20T10:18:01Z }]
tool_call = [
  { source = "l", principal = "o", at = 2026-05-20T10:08:00Z, status = 403 },
  { source = "l", principal = "o", at = 2026-05-20T10:08:01Z, status = 403 },
  { source = "l", principal = "o", at = 2026-05-20T10:09:00Z, status = 403 },
  { source = "l", principal = "o", at = 2026-05-20T10:11:00Z, status = 403 },
  { source = "l", principal = "o", at = 2026-05-20T10:12:00Z, status = 403 },
  { source = "l", principal = "o", at = 2026-05-20T10:18:02Z, status = 403 },
]
expect    = "pass"

[[case]]
name      = "so many in an hour that single calls need not be known"
account   = [{ id = "o", person = "p" }]
tool_call_hour = [{ source = "l", principal = "o", hour_at = 2026-05-20T10:00:00Z, status = 403, calls = 5000, first_at = 2026-05-20T10:00:00Z, last_at = 2026-05-20T10:59:00Z }]
expect    = { "entra:user/o" = "fail" }

[[case]]
name      = "refusals whose single calls are not there"
account   = [{ id = "o", person = "p" }]
tool_call_hour = [{ source = "l", principal = "o", hour_at = 2026-05-20T10:00:00Z, status = 403, calls = 9, first_at = 2026-05-20T10:00:00Z, last_at = 2026-05-20T10:59:00Z }]
expect    = { "entra:user/o" = "unknown" }

[[case]]
name      = "three in the workspace, and the same three in an export of it, are three"
account   = [{ id = "o", person = "p" }]
log_table = [{ source = "logs:w/t", last_at = 2026-05-21T00:00:00Z, records = 9 }, { source = "file:a", last_at = 2026-05-21T00:00:00Z, records = 9 }]
tool_call_hour = [
  { source = "logs:w/t", principal = "o", hour_at = 2026-05-20T10:00:00Z, status = 403, calls = 3, first_at = 2026-05-20T10:08:00Z, last_at = 2026-05-20T10:10:00Z },
  { source = "file:a", principal = "o", hour_at = 2026-05-20T10:00:00Z, status = 403, calls = 3, first_at = 2026-05-20T10:08:00Z, last_at = 2026-05-20T10:10:00Z },
]
tool_call = [
  { source = "logs:w/t", principal = "o", at = 2026-05-20T10:08:00Z, status = 403 },
  { source = "logs:w/t", principal = "o", at = 2026-05-20T10:09:00Z, status = 403 },
  { source = "logs:w/t", principal = "o", at = 2026-05-20T10:10:00Z, status = 403 },
  { source = "file:a", principal = "o", at = 2026-05-20T10:08:00Z, status = 403 },
  { source = "file:a", principal = "o", at = 2026-05-20T10:09:00Z, status = 403 },
  { source = "file:a", principal = "o", at = 2026-05-20T10:10:00Z, status = 403 },
]
expect    = "pass"

[[case]]
name      = "six in an export of which the workspace has kept only the last"
account   = [{ id = "o", person = "p" }]
log_table = [{ source = "logs:w/t", last_at = 2026-05-21T00:00:00Z, records = 9 }, { source = "file:a", last_at = 2026-05-21T00:00:00Z, records = 9 }]
tool_call_hour = [
  { source = "logs:w/t", principal = "o", hour_at = 2026-05-20T10:00:00Z, status = 403, calls = 1, first_at = 2026-05-20T10:10:00Z, last_at = 2026-05-20T10:10:00Z },
  { source = "file:a", principal = "o", hour_at = 2026-05-20T10:00:00Z, status = 403, calls = 6, first_at = 2026-05-20T10:05:00Z, last_at = 2026-05-20T10:10:00Z },
]
tool_call = [
  { source = "logs:w/t", principal = "o", at = 2026-05-20T10:10:00Z, status = 403 },
  { source = "file:a", principal = "o", at = 2026-05-20T10:05:00Z, status = 403 },
  { source = "file:a", principal = "o", at = 2026-05-20T10:06:00Z, status = 403 },
  { source = "file:a", principal = "o", at = 2026-05-20T10:07:00Z, status = 403 },
  { source = "file:a", principal = "o", at = 2026-05-20T10:08:00Z, status = 403 },
  { source = "file:a", principal = "o", at = 2026-05-20T10:09:00Z, status = 403 },
  { source = "file:a", principal = "o", at = 2026-05-20T10:10:00Z, status = 403 },
]
expect    = { "entra:user/o" = "fail" }

[[case]]
name      = "three at one gateway and three at another, of which only one was exported, are six"
account   = [{ id = "o", person = "p" }]
log_table = [{ source = "logs:w/t", last_at = 2026-05-21T00:00:00Z, records = 9 }, { source = "file:a", last_at = 2026-05-21T00:00:00Z, records = 9 }]
tool_call_hour = [
  { source = "logs:w/t", principal = "o", server = "a", hour_at = 2026-05-20T10:00:00Z, status = 403, calls = 3, first_at = 2026-05-20T10:08:00Z, last_at = 2026-05-20T10:10:00Z },
  { source = "file:a", principal = "o", server = "b", hour_at = 2026-05-20T10:00:00Z, status = 403, calls = 3, first_at = 2026-05-20T10:08:00Z, last_at = 2026-05-20T10:10:00Z },
]
tool_call = [
  { source = "logs:w/t", principal = "o", server = "a", at = 2026-05-20T10:08:00Z, status = 403 },
  { source = "logs:w/t", principal = "o", server = "a", at = 2026-05-20T10:09:00Z, status = 403 },
  { source = "logs:w/t", principal = "o", server = "a", at = 2026-05-20T10:10:00Z, status = 403 },
  { source = "file:a", principal = "o", server = "b", at = 2026-05-20T10:08:00Z, status = 403 },
  { source = "file:a", principal = "o", server = "b", at = 2026-05-20T10:09:00Z, status = 403 },
  { source = "file:a", principal = "o", server = "b", at = 2026-05-20T10:10:00Z, status = 403 },
]
expect    = { "entra:user/o" = "fail" }

[[case]]
name      = "a log without status cannot tell"
account   = [{ id = "o", person = "p" }]
log_table = [{ source = "l", lacks = "status", last_at = 2026-05-20T00:00:00Z, records = 9 }]
expect    = { "l" = "unknown" }

[[case]]
name       = "the log was cut short"
incomplete = ["tool_call"]
account    = [{ id = "o", person = "p" }]
expect     = "unknown"

[[case]]
name           = "days are missing in the middle of the log"
account        = [{ id = "o", person = "p" }]
log_table      = [{ source = "l", shape = "documented", last_at = 2026-05-31T23:00:00Z, records = 9 }]
log_silence    = [{ source = "l", from_at = 2026-05-10T00:00:00Z, until_at = 2026-05-12T00:00:00Z, per_million = 0 }]
expect         = { "l" = "unknown" }
*/
