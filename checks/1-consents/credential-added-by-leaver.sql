/*
title    = "A secret or certificate that the leaver added is still valid"
proven   = "No secret or certificate that the leaver added to an application is still valid"
severity = "critical"
why      = "Whoever knows it signs in as the application, without any user name in the logs, long after the person's account is closed."
fix      = "Give its users a new one first. Then remove the credential from the application: whatever still signs in with it stops at once, and a secret that was removed cannot come back."
action   = "remove-credential"
monotone = true
controls = { nist = ["PS-4", "IA-5", "AC-2(3)"], iso27001 = ["A.5.17", "A.5.18"], soc2 = ["CC6.1"], cis = ["5.5", "6.2"], owasp-nhi = ["NHI1:2025", "NHI7:2025"], owasp-mcp = ["MCP01:2025"] }
*/
SELECT event.person                  AS person,
       printf('entra:%s/%s/credential/%s', credential.object_kind, credential.object, credential.key_id) AS subject,
       CASE WHEN credential.ends_at <= :now THEN 'pass'
            WHEN credential.ends_at > :now  THEN 'fail'
            WHEN credential.ends_at IS NULL THEN 'fail'
       END                           AS status,
       printf('%s "%s" of %s', credential.kind, ifnull(credential.name, ifnull(event.name, credential.key_id)),
              ifnull(credential.object_name, credential.object)) AS reason,
       event.actor_name              AS actor,
       max(event.at)                 AS seen_at,
       credential.hint               AS begins_with,
       credential.ends_at            AS valid_until,
       'C'                           AS grade
FROM   credential_event AS event
JOIN   credential ON credential.object = event.object COLLATE NOCASE
                 AND credential.key_id = event.key_id COLLATE NOCASE
WHERE  event.change = 'added'
GROUP BY event.person, credential.object, credential.key_id;
/*
[[case]]
name = "added and removed again, or expired"
now = "2026-06-01T00:00:00Z"
credential_event = [
  { event = "e1", person = "p", at = 2026-05-01T00:00:00Z, object = "o1", key_id = "k1", change = "added" },
  { event = "e2", person = "p", at = 2026-05-02T00:00:00Z, object = "o1", key_id = "k1", change = "removed" },
  { event = "e3", person = "p", at = 2026-05-02T00:00:00Z, object = "o1", key_id = "k2", change = "added" },
]
credential = [{ object = "o1", object_kind = "application", key_id = "k2", kind = "secret", ends_at = 2026-05-20T00:00:00Z }]
expect = "pass"

[[case]]
name = "still there"
now = "2026-06-01T00:00:00Z"
credential_event = [{ event = "e1", person = "p", at = 2026-05-01T00:00:00Z, object = "o1", key_id = "K1", change = "added" }]
credential = [{ object = "o1", object_kind = "application", key_id = "k1", kind = "secret", ends_at = 2028-05-20T00:00:00Z }]
expect = { "entra:application/o1/credential/k1" = "fail" }

[[case]]
name = "audit events could not be read, or not far enough back"
incomplete = ["credential_event"]
expect = "unknown"
*/
