/*
title    = "A person used tools of the secrets scope"
proven   = "The person used no tool of the secrets scope"
severity = "high"
why      = "Secrets are for workloads. What a person has read through such a tool is known to them after the last day as well."
fix      = "Replace every secret that was handed out, its users first: what still has the old value stops. Then take the scope from people."
monotone = true
controls = { nist = ["IA-5", "AC-6", "AU-6"], iso27001 = ["A.5.17", "A.8.16"], soc2 = ["CC6.1"], cis = ["3.14"], owasp-nhi = ["NHI10:2025"], owasp-mcp = ["MCP01:2025"] }
*/
SELECT person  AS person,
       subject AS subject,
       CASE max(sure) WHEN 1 THEN 'fail' END AS status,
       printf('%s made %d %s with tools of the secrets scope, %s to %s: %s; %s', called, sum(calls),
              iif(sum(calls) = 1, 'call', 'calls'), min(first_at), max(last_at),
              substr(ifnull(group_concat(DISTINCT directory), 'resources are not recorded'), 1, 300), path) AS reason,
       grade   AS grade,
       max(last_at) AS seen_at,
       sum(calls) AS calls,
       group_concat(DISTINCT tool) AS tools
FROM   activity
WHERE  own = 1
AND    has_scope(scope, 'mcp.tools.secrets')
AND    ifnull(status, 200) < 400
GROUP BY person, subject
UNION ALL
SELECT NULL, blind.source, NULL, blind.reason, NULL, NULL, NULL, NULL
FROM   log_blind AS blind
WHERE  blind.lacks IS NULL OR has_scope(blind.lacks, 'principal') OR has_scope(blind.lacks, 'scope');
/*
[[case]]
name           = "one secret"
account        = [{ id = "o", person = "p" }]
tool_call_hour = [{ source = "l", principal = "o", hour_at = 2026-05-20T10:00:00Z, scope = "MCP.tools.secrets", status = 200, calls = 1, first_at = 2026-05-20T10:00:00Z, last_at = 2026-05-20T10:00:00Z }]
expect         = { "entra:user/o" = "fail" }

[[case]]
name           = "refused, or another scope"
account        = [{ id = "o", person = "p" }]
tool_call_hour = [
  { source = "l", principal = "o", hour_at = 2026-05-20T10:00:00Z, scope = "mcp.tools.secrets", status = 403, calls = 1, first_at = 2026-05-20T10:00:00Z, last_at = 2026-05-20T10:00:00Z },
  { source = "l", principal = "o", hour_at = 2026-05-20T10:00:00Z, scope = "mcp.tools.secretsmanager", calls = 1, first_at = 2026-05-20T10:00:00Z, last_at = 2026-05-20T10:00:00Z },
]
expect         = "pass"

[[case]]
name           = "a log without scopes cannot tell"
account        = [{ id = "o", person = "p" }]
log_table      = [{ source = "l", lacks = "scope", last_at = 2026-05-20T00:00:00Z, records = 9 }]
expect         = { "l" = "unknown" }

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
