/*
title    = "A pre-authorised client opens the MCP gateway to the leaver without any consent"
proven   = "No pre-authorised client opens an MCP gateway to the leaver"
severity = "medium"
why      = "Pre-authorised clients leave no grant object: a list of zero grants is not a proof of no access."
fix      = "Close the account. Then require assignment on the gateway, or take the client off its pre-authorised list: those who need it have to be assigned, or consent, first."
monotone = true
controls = { nist = ["AC-2(3)", "AC-6"], iso27001 = ["A.5.15"], soc2 = ["CC6.1"], cis = ["3.3", "6.8"], owasp-nhi = ["NHI5:2025"], owasp-mcp = ["MCP02:2025", "MCP07:2025"] }
*/
SELECT account.person                AS person,
       printf('entra:application/%s/preauthorized/%s', ifnull(gateway.application, gateway.app_id), client.client) AS subject,
       CASE WHEN account.deleted_at IS NOT NULL THEN 'pass'
            WHEN account.enabled = 0            THEN 'pass'
            WHEN account.enabled = 1            THEN 'fail'
       END                           AS status,
       printf('client %s needs no consent for %s', client.client, ifnull(gateway.name, gateway.app_id)) AS reason,
       client.scopes                 AS permission_ids,
       'A'                           AS grade
FROM   preauthorized_client AS client
JOIN   gateway ON gateway.id = client.gateway
CROSS JOIN account;
/*
[[case]]
name = "the account is disabled"
account = [{ id = "u1", person = "p", enabled = false }]
gateway = [{ id = "gw", app_id = "a" }]
preauthorized_client = [{ gateway = "gw", client = "vscode" }]
expect = "pass"

[[case]]
name = "the account lives"
account = [{ id = "u1", person = "p", enabled = true }]
gateway = [{ id = "gw", app_id = "a", application = "app" }]
preauthorized_client = [{ gateway = "gw", client = "vscode" }]
expect = { "entra:application/app/preauthorized/vscode" = "fail" }

[[case]]
name = "the registration of the gateway could not be read"
account = [{ id = "u1", person = "p", enabled = true }]
gateway = [{ id = "gw", app_id = "a" }]
incomplete = ["preauthorized_client"]
expect = "unknown"
*/
