/*
title    = "The MCP gateway is open to the leaver through a consent for everybody"
proven   = "No consent for everybody opens an MCP gateway to the leaver"
severity = "medium"
why      = "An administrator consented for all users: deleting the person's own grants closes nothing while the account lives."
fix      = "Close the account; then consider assignment on the gateway, so that a consent for everybody is not access for everybody: assign those who need it first, for everybody else is locked out."
monotone = true
controls = { nist = ["AC-2(3)", "AC-6"], iso27001 = ["A.5.15", "A.5.18"], soc2 = ["CC6.1"], cis = ["3.3", "6.8"], owasp-nhi = ["NHI5:2025"], owasp-mcp = ["MCP02:2025", "MCP07:2025"] }
*/
SELECT account.person                        AS person,
       'entra:grant/' || delegated_grant.id  AS subject,
       CASE WHEN account.deleted_at IS NOT NULL THEN 'pass'
            WHEN account.enabled = 0            THEN 'pass'
            WHEN account.enabled = 1            THEN 'fail'
       END                                   AS status,
       CASE WHEN has_scope(delegated_grant.scope, 'mcp.tools.secrets') THEN 'high'
            WHEN has_scope(delegated_grant.scope, 'mcp.tools.admin')   THEN 'high'
       END                                   AS severity,
       printf('everybody may use %s through %s', ifnull(gateway.name, gateway.app_id), ifnull(client.name, delegated_grant.client)) AS reason,
       trim(delegated_grant.scope)           AS scope,
       'A'                                   AS grade
FROM   delegated_grant
JOIN   gateway ON gateway.id = delegated_grant.resource COLLATE NOCASE
CROSS JOIN account
LEFT JOIN service_principal AS client ON client.id = delegated_grant.client COLLATE NOCASE
WHERE  delegated_grant.consent = 'AllPrincipals';
/*
[[case]]
name = "the account is disabled"
account = [{ id = "u1", person = "p", enabled = false }]
gateway = [{ id = "gw", app_id = "a" }]
delegated_grant = [{ id = "g1", client = "c1", resource = "gw", consent = "AllPrincipals" }]
expect = "pass"

[[case]]
name = "the account lives"
account = [{ id = "u1", person = "p", enabled = true }]
gateway = [{ id = "gw", app_id = "a" }]
delegated_grant = [{ id = "g1", client = "c1", resource = "gw", consent = "AllPrincipals", scope = "mcp.tools.read" }]
expect = { "entra:grant/g1" = "fail" }

[[case]]
name = "nobody knows whether the account lives"
account = [{ id = "u1", person = "p" }]
gateway = [{ id = "gw", app_id = "a" }]
delegated_grant = [{ id = "g1", client = "c1", resource = "gw", consent = "AllPrincipals" }]
expect = { "entra:grant/g1" = "unknown" }

[[case]]
name = "grants could not be listed"
incomplete = ["delegated_grant"]
expect = "unknown"
*/
