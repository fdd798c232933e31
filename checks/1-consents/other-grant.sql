/*
title    = "The leaver has consented to other applications"
proven   = "No consent of the leaver to any other application is left"
severity = "medium"
why      = "Each consent lets an application act as the person wherever it still holds a refresh token."
fix      = "Disable the account first, or the next sign-in consents anew. Then delete the grants: the clients lose this person's access and nobody else's. The Entra portal cannot remove a user's own consent; the API can."
action   = "revoke-grant"
controls = { nist = ["PS-4", "AC-2(3)"], iso27001 = ["A.5.18"], soc2 = ["CC6.2"], cis = ["6.2"], owasp-nhi = ["NHI1:2025"] }
*/
SELECT account.person                        AS person,
       'entra:grant/' || delegated_grant.id  AS subject,
       'fail'                                AS status,
       printf('%s may call %s', ifnull(client.name, delegated_grant.client), ifnull(resource.name, delegated_grant.resource)) AS reason,
       trim(delegated_grant.scope)           AS scope,
       'A'                                   AS grade
FROM   delegated_grant
JOIN   account ON account.id = delegated_grant.principal COLLATE NOCASE
LEFT JOIN service_principal AS client   ON client.id = delegated_grant.client COLLATE NOCASE
LEFT JOIN service_principal AS resource ON resource.id = delegated_grant.resource COLLATE NOCASE
WHERE  delegated_grant.consent = 'Principal'
  AND  NOT EXISTS (SELECT 1
                   FROM   gateway
                   WHERE  gateway.id = delegated_grant.client COLLATE NOCASE
                      OR  gateway.id = delegated_grant.resource COLLATE NOCASE);
/*
[[case]]
name = "only grants on the gateway, which have checks of their own, and somebody else's"
account = [{ id = "u1", person = "p" }]
gateway = [{ id = "gw", app_id = "a" }]
delegated_grant = [
  { id = "g1", client = "c1", resource = "gw", consent = "Principal", principal = "u1" },
  { id = "g2", client = "gw", resource = "r1", consent = "Principal", principal = "u1" },
  { id = "g3", client = "c1", resource = "r1", consent = "Principal", principal = "u2" },
  { id = "g4", client = "c1", resource = "r1", consent = "AllPrincipals" },
]
expect = "pass"

[[case]]
name = "another application"
account = [{ id = "u1", person = "p" }]
gateway = [{ id = "gw", app_id = "a" }]
delegated_grant = [{ id = "g1", client = "c1", resource = "r1", consent = "Principal", principal = "u1", scope = " Contacts.ReadWrite openid profile" }]
expect = { "entra:grant/g1" = "fail" }

[[case]]
name = "whether it is on the gateway could not be read: nothing else to say than that it is a grant"
account = [{ id = "u1", person = "p" }]
delegated_grant = [{ id = "g1", client = "c1", resource = "r1", consent = "Principal", principal = "u1" }]
incomplete = ["gateway"]
expect = { "entra:grant/g1" = "fail" }

[[case]]
name = "grants could not be listed"
account = [{ id = "u1", person = "p" }]
incomplete = ["delegated_grant"]
expect = "unknown"
*/
