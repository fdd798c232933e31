/*
title    = "The MCP gateway may act elsewhere on behalf of the leaver"
proven   = "The MCP gateway may act nowhere on behalf of the leaver"
severity = "high"
why      = "With this consent the gateway itself calls other services as the person, from any request that carries a token of theirs."
fix      = "Disable the account first, or the next sign-in consents anew. Then delete the grant and revoke the sessions: the client loses this person's access, and tokens that are out stay valid for about an hour."
action   = "revoke-grant"
monotone = true
controls = { nist = ["PS-4", "AC-2(3)"], iso27001 = ["A.5.18"], soc2 = ["CC6.2"], cis = ["6.2"], owasp-nhi = ["NHI1:2025"], owasp-mcp = ["MCP07:2025"] }
*/
SELECT account.person                        AS person,
       'entra:grant/' || delegated_grant.id  AS subject,
       'fail'                                AS status,
       printf('%s may call %s', ifnull(gateway.name, gateway.app_id), ifnull(resource.name, delegated_grant.resource)) AS reason,
       trim(delegated_grant.scope)           AS scope,
       'A'                                   AS grade
FROM   delegated_grant
JOIN   account ON account.id = delegated_grant.principal COLLATE NOCASE
JOIN   gateway ON gateway.id = delegated_grant.client COLLATE NOCASE
LEFT JOIN service_principal AS resource ON resource.id = delegated_grant.resource COLLATE NOCASE
WHERE  delegated_grant.consent = 'Principal';
/*
[[case]]
name = "another client of the person"
account = [{ id = "u1", person = "p" }]
gateway = [{ id = "gw", app_id = "a" }]
delegated_grant = [{ id = "g1", client = "c1", resource = "r1", consent = "Principal", principal = "u1" }]
expect = "pass"

[[case]]
name = "the gateway as client, ids in another case"
account = [{ id = "u1", person = "p" }]
gateway = [{ id = "gw", app_id = "a", name = "mcp-gateway" }]
delegated_grant = [{ id = "g1", client = "GW", resource = "r1", consent = "Principal", principal = "U1", scope = " User.Read" }]
expect = { "entra:grant/g1" = "fail" }

[[case]]
name = "no gateway configured"
account = [{ id = "u1", person = "p" }]
incomplete = ["gateway"]
expect = "unknown"
*/
