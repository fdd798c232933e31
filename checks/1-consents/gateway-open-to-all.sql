/*
title    = "The MCP gateway asks for no assignment while the account of the leaver lives"
proven   = "No MCP gateway is open without an assignment while the account of the leaver lives"
severity = "medium"
why      = "Without required assignment every user of the tenant who can consent gets a token for the gateway, this person included."
fix      = "Close the account. Assign those who need the gateway, then set \"Assignment required\" on its enterprise application: whoever is not assigned is locked out."
monotone = true
controls = { nist = ["AC-3", "AC-6"], iso27001 = ["A.5.15"], soc2 = ["CC6.1"], cis = ["3.3", "6.8"], owasp-nhi = ["NHI5:2025"], owasp-mcp = ["MCP07:2025"] }
*/
SELECT account.person                        AS person,
       'entra:service-principal/' || gateway.id AS subject,
       CASE WHEN gateway.assignment_required = 1 THEN 'pass'
            WHEN gateway.enabled = 0             THEN 'pass'
            WHEN account.deleted_at IS NOT NULL  THEN 'pass'
            WHEN account.enabled = 0             THEN 'pass'
            WHEN gateway.assignment_required = 0
             AND account.enabled = 1             THEN 'fail'
       END                                   AS status,
       printf('%s does not require assignment', ifnull(gateway.name, gateway.app_id)) AS reason,
       'A'                                   AS grade
FROM   gateway
CROSS JOIN account;
/*
[[case]]
name = "assignment is required"
account = [{ id = "u1", person = "p", enabled = true }]
gateway = [{ id = "gw", app_id = "a", assignment_required = true }]
expect = "pass"

[[case]]
name = "open, but the account is closed"
account = [{ id = "u1", person = "p", enabled = false }]
gateway = [{ id = "gw", app_id = "a", assignment_required = false }]
expect = "pass"

[[case]]
name = "open to a living account"
account = [{ id = "u1", person = "p", enabled = true }]
gateway = [{ id = "gw", app_id = "a", assignment_required = false }]
expect = { "entra:service-principal/gw" = "fail" }

[[case]]
name = "the setting is not readable"
account = [{ id = "u1", person = "p", enabled = true }]
gateway = [{ id = "gw", app_id = "a" }]
expect = { "entra:service-principal/gw" = "unknown" }

[[case]]
name = "the gateway could not be read"
account = [{ id = "u1", person = "p", enabled = true }]
incomplete = ["gateway"]
expect = "unknown"
*/
