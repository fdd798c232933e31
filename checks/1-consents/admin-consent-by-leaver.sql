/*
title    = "The leaver consented to an application for the whole tenant, and it still holds"
proven   = "No consent that the leaver gave for the whole tenant still holds"
severity = "high"
why      = "An admin consent outlives the administrator; it is a favourite way to leave a door open."
fix      = "Ask the application's owner first who needs it. Then have the owner confirm the consent, or revoke it: that ends it for everybody who uses the application."
monotone = true
controls = { nist = ["PS-4", "AC-6"], iso27001 = ["A.5.18", "A.8.2"], soc2 = ["CC6.3"], cis = ["6.2", "6.8"], owasp-nhi = ["NHI5:2025"], owasp-mcp = ["MCP02:2025"] }
*/
SELECT event.person                  AS person,
       'entra:service-principal/' || ifnull(event.client, event.event) AS subject,
       CASE WHEN max(event.admin) = 0 AND count(event.admin) = count(*) THEN 'pass'
            WHEN count(delegated_grant.id) = 0 AND max(event.admin) = 1 THEN 'pass'
            WHEN max(event.admin) = 1                                   THEN 'fail'
       END                           AS status,
       printf('consent for everybody to %s, grants in force: %d', ifnull(max(event.client_name), 'an application'),
              count(DISTINCT delegated_grant.id)) AS reason,
       max(event.at)                 AS seen_at,
       ifnull(max(person.upn), max(event.actor)) AS actor,
       min(trim(delegated_grant.scope)) AS scope,
       'C'                           AS grade
FROM   consent_event AS event
LEFT JOIN person ON person.id = event.person
LEFT JOIN delegated_grant ON delegated_grant.client = event.client COLLATE NOCASE
                         AND delegated_grant.consent = 'AllPrincipals'
GROUP BY event.person, event.client;
/*
[[case]]
name = "a consent for oneself, and an admin consent that was revoked since"
consent_event = [
  { event = "e1", person = "p", at = 2026-05-01T00:00:00Z, client = "c1", admin = false },
  { event = "e2", person = "p", at = 2026-05-01T00:00:00Z, client = "c2", admin = true },
]
expect = "pass"

[[case]]
name = "still in force"
consent_event = [{ event = "e1", person = "p", at = 2026-05-01T00:00:00Z, client = "c1", admin = true }]
delegated_grant = [{ id = "g1", client = "c1", resource = "r", consent = "AllPrincipals", scope = "User.Read.All" }]
expect = { "entra:service-principal/c1" = "fail" }

[[case]]
name = "the event does not say for whom"
consent_event = [{ event = "e1", person = "p", at = 2026-05-01T00:00:00Z, client = "c1" }]
expect = { "entra:service-principal/c1" = "unknown" }

[[case]]
name = "audit events could not be read, or not far enough back"
incomplete = ["consent_event"]
expect = "unknown"
*/
