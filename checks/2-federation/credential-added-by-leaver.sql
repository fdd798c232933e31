/*
title    = "A federated credential was added or changed by the leaver"
proven   = "No federated credential was added or changed by the leaver"
severity = "high"
why      = "What it trusts was the leaver's choice, and nobody else may know what runs there."
fix      = "Find out first who owns what it trusts. If nobody does, delete the credential: jobs that match it get no more tokens."
action   = "delete-federated-credential"
monotone = true
controls = { nist = ["PS-4", "AC-2(4)"], iso27001 = ["A.5.18", "A.8.15"], soc2 = ["CC6.3", "CC7.2"], cis = ["5.5", "6.2"], owasp-nhi = ["NHI1:2025"] }
*/
SELECT event.person                  AS person,
       trust.subject                 AS subject,
       'fail'                        AS status,
       iif(event.name IS NULL,
           printf('the leaver changed the federated credentials of %s; this is one of them', trust.object_name),
           printf('the leaver added "%s" to %s', trust.name, trust.object_name)) AS reason,
       iif(event.name IS NULL, 'low', 'high') AS severity,
       trust.trusts                  AS trusts,
       trust.can                     AS can,
       event.actor_name              AS actor,
       max(event.at)                 AS seen_at,
       'C'                           AS grade
FROM   federated_event AS event
JOIN   trust ON  trust.object = event.object COLLATE NOCASE
             AND (event.name IS NULL OR trust.name = event.name COLLATE NOCASE)
WHERE  event.change IN ('added', 'changed')
GROUP BY event.person, trust.subject, event.name IS NULL;
/*
[[case]]
name = "removed again, or another credential of the same identity"
federated_event = [
  { event = "e1", person = "p", at = 2026-05-01T00:00:00Z, object = "o1", name = "gone", change = "added" },
  { event = "e2", person = "p", at = 2026-05-01T00:00:00Z, object = "o1", name = "kept", change = "removed" },
]
federated_credential = [{ id = "f1", object = "o1", object_kind = "application", name = "kept" }]
expect = "pass"

[[case]]
name = "named by the event, and on an application where the event does not say which"
federated_event = [
  { event = "e1", person = "p", at = 2026-05-01T00:00:00Z, object = "O1", name = "Deploy", change = "added" },
  { event = "e2", person = "p", at = 2026-05-01T00:00:00Z, object = "o2", change = "changed" },
]
federated_credential = [
  { id = "f1", object = "o1", object_kind = "application", name = "deploy" },
  { id = "f2", object = "o2", object_kind = "application", name = "other" },
]
expect = { "entra:application/o1/federated/f1" = "fail", "entra:application/o2/federated/f2" = "fail" }

[[case]]
name = "on a managed identity"
federated_event = [{ event = "e1", person = "p", at = 2026-05-01T00:00:00Z, object = "/i1", name = "deploy", change = "added" }]
federated_credential = [{ id = "/i1/f", object = "/i1", object_kind = "managed-identity", name = "deploy" }]
expect = { "azure:/i1/federated/deploy" = "fail" }

[[case]]
name = "audit events could not be read, or not far enough back"
incomplete = ["federated_event"]
expect = "unknown"
*/
