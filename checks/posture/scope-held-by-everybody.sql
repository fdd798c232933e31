/*
title    = "Everybody in the organisation holds a scope of the gateway that changes things or hands out secrets"
proven   = "No scope of the gateway that changes things or hands out secrets is held by everybody"
severity = "high"
why      = "A consent for everybody needs no consent of anybody: each new client of each person has it at once."
fix      = "Revoke the consent for everybody; give such scopes to named people or workloads."
item     = "hardening/7"
monotone = true
controls = { nist = ["AC-6", "AC-3"], iso27001 = ["A.5.18", "A.8.2"], soc2 = ["CC6.1", "CC6.3"], cis = ["6.8"], owasp-mcp = ["MCP02:2025"] }
*/
SELECT NULL                        AS person,
       printf('entra:grant/%s', held.id) AS subject,
       'fail'                      AS status,
       printf('%s may be used by everybody through %s', trim(held.scope), ifnull(client.name, held.client)) AS reason,
       trim(held.scope)            AS scope,
       held.client                 AS client,
       'A'                         AS grade
FROM   delegated_grant AS held
JOIN   gateway ON gateway.id = held.resource
LEFT JOIN service_principal AS client ON client.id = held.client
WHERE  held.consent = 'AllPrincipals'
AND    (held.scope LIKE '%write%' OR held.scope LIKE '%admin%' OR held.scope LIKE '%secret%' OR held.scope LIKE '%user_impersonation%'
        OR held.scope LIKE '%access_as_user%' OR held.scope LIKE '%.all%');
/*
[[case]]
name = "reading for everybody, writing for one, another resource"
gateway = [{ id = "g", app_id = "a" }]
delegated_grant = [
  { id = "1", client = "c", resource = "g", consent = "AllPrincipals", scope = " mcp.tools.read" },
  { id = "2", client = "c", resource = "g", consent = "Principal", principal = "p", scope = "mcp.tools.write" },
  { id = "3", client = "c", resource = "other", consent = "AllPrincipals", scope = "mcp.tools.secrets" },
]
expect = "pass"

[[case]]
name = "writing, administration, secrets, everything"
gateway = [{ id = "g", app_id = "a" }]
delegated_grant = [
  { id = "1", client = "c", resource = "g", consent = "AllPrincipals", scope = "mcp.tools.read mcp.tools.write" },
  { id = "2", client = "c", resource = "g", consent = "AllPrincipals", scope = "mcp.tools.admin" },
  { id = "3", client = "c", resource = "g", consent = "AllPrincipals", scope = "MCP.Tools.Secrets" },
  { id = "4", client = "c", resource = "g", consent = "AllPrincipals", scope = "user_impersonation" },
  { id = "5", client = "c", resource = "g", consent = "AllPrincipals", scope = "access_as_user" },
  { id = "6", client = "c", resource = "g", consent = "AllPrincipals", scope = "mcp.all" },
]
expect = { "entra:grant/1" = "fail", "entra:grant/2" = "fail", "entra:grant/3" = "fail", "entra:grant/4" = "fail", "entra:grant/5" = "fail", "entra:grant/6" = "fail" }

[[case]]
name = "consents could not be read"
incomplete = ["delegated_grant"]
expect = "unknown"
*/
