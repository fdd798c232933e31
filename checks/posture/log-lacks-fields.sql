/*
title    = "The log of the gateway lacks what an audit of a leaver needs"
proven   = "The log of the gateway has every field that an audit of a leaver needs"
severity = "high"
why      = "A caller without an object id, or a call without its resource, cannot be traced to anybody: step 4 then proves nothing."
fix      = "Write every field of the schema with every call, and let the table have a column for it."
item     = "hardening/12"
controls = { nist = ["AU-3", "AU-12"], iso27001 = ["A.8.15"], soc2 = ["CC7.2"], cis = ["8.5"], owasp-mcp = ["MCP08:2025"] }
*/
WITH needed(field) AS (VALUES ('caller_oid'), ('caller_upn'), ('mcp_server'), ('tool_name'), ('scope_used'), ('resource_accessed'), ('response_status')),
     lack AS (
       SELECT log_store.id, log_store.columns, group_concat(needed.field, ', ') AS fields
       FROM   log_store
       LEFT JOIN needed ON NOT has_scope(log_store.columns, needed.field)
       GROUP BY log_store.id),
     written AS (
       -- What the policy of an interface itself writes down. One that writes nothing leaves that to the server.
       SELECT call.gateway, call.interface, call.logs, group_concat(DISTINCT needed.field) AS fields
       FROM   gateway_call AS call
       JOIN   needed ON NOT has_scope(lower(call.logs), needed.field)
       WHERE  call.open = 0 AND call.logs IS NOT NULL
       GROUP BY call.gateway, call.interface, call.logs)
SELECT NULL                        AS person,
       lack.id                     AS subject,
       CASE WHEN lack.fields IS NOT NULL THEN 'fail' WHEN lack.columns IS NOT NULL THEN 'pass' END AS status,
       CASE WHEN lack.columns IS NULL THEN 'its columns are not shown' ELSE printf('the table has no %s', lack.fields) END AS reason,
       lack.columns                AS has,
       'A'                         AS grade
FROM   lack
UNION ALL
SELECT NULL, printf('azure:%s/interface/%s', written.gateway, written.interface), 'fail',
       printf('the policy of %s writes down no %s', written.interface, written.fields), written.logs, 'A'
FROM   written
UNION ALL
SELECT NULL, printf('azure:/subscriptions/%s', min(azure_subscription.id)), 'fail', 'no workspace holds the table of the gateway', NULL, 'A'
FROM   azure_subscription
WHERE  NOT EXISTS (SELECT 1 FROM log_store)
HAVING count(*) > 0;
/*
[[case]]
name = "everything is written down and has a column"
log_store = [{ id = "log:w/T", workspace = "/w", columns = "timestamp caller_oid caller_upn mcp_server tool_name scope_used resource_accessed latency_ms response_status apim_request_id" }]
gateway_call = [{ id = "/o", gateway = "/g", interface = "mcp", open = 0, understood = 1, logs = "timestamp caller_oid caller_upn mcp_server tool_name scope_used resource_accessed response_status" }]
expect = "pass"

[[case]]
name = "no name, no object id, no scope, no resource, no status, no tool"
log_store = [
  { id = "log:a/T", workspace = "/w", columns = "caller_oid mcp_server tool_name scope_used resource_accessed response_status" },
  { id = "log:b/T", workspace = "/w", columns = "caller_upn mcp_server tool_name scope_used resource_accessed response_status" },
  { id = "log:c/T", workspace = "/w", columns = "caller_oid caller_upn mcp_server tool_name resource_accessed response_status" },
  { id = "log:d/T", workspace = "/w", columns = "caller_oid caller_upn mcp_server tool_name scope_used response_status" },
  { id = "log:e/T", workspace = "/w", columns = "caller_oid caller_upn mcp_server tool_name scope_used resource_accessed" },
  { id = "log:f/T", workspace = "/w", columns = "caller_oid caller_upn mcp_server scope_used resource_accessed response_status" },
]
expect = { "log:a/T" = "fail", "log:b/T" = "fail", "log:c/T" = "fail", "log:d/T" = "fail", "log:e/T" = "fail", "log:f/T" = "fail" }

[[case]]
name = "the column is there, and the policy does not fill it"
log_store = [{ id = "log:w/T", workspace = "/w", columns = "caller_oid caller_upn mcp_server tool_name scope_used resource_accessed response_status" }]
gateway_call = [{ id = "/o", gateway = "/g", interface = "mcp", open = 0, understood = 1, logs = "timestamp caller_oid mcp_server tool_name scope_used resource_accessed response_status" }]
expect = { "azure:/g/interface/mcp" = "fail" }

[[case]]
name = "no such table in any workspace"
azure_subscription = [{ id = "s" }]
expect = { "azure:/subscriptions/s" = "fail" }

[[case]]
name = "columns are not shown"
log_store = [{ id = "log:w/T", workspace = "/w" }]
expect = { "log:w/T" = "unknown" }

[[case]]
name = "tables could not be read"
incomplete = ["log_store"]
expect = "unknown"
*/
