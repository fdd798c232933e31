/*
title    = "The leaver granted an Azure role to somebody else"
proven   = "No Azure role that the leaver granted to others is left"
severity = "low"
why      = "A role given shortly before leaving is a way to stay; nobody else may know why it was given."
fix      = "Ask the owner of the scope first who needs it. Then have the owner confirm the role assignment, or delete it: what its holder does there stops within minutes."
monotone = true
controls = { nist = ["AC-2(4)", "AC-6(7)"], iso27001 = ["A.5.18"], soc2 = ["CC6.3"], cis = ["6.1", "6.8"], owasp-nhi = ["NHI5:2025"] }
*/
SELECT account.person                AS person,
       printf('azure:%s', role_assignment.id) AS subject,
       CASE WHEN role_assignment.created_by = account.id COLLATE NOCASE THEN 'fail'
       END                           AS status,
       printf('%s on %s, for the %s %s%s', ifnull(role_assignment.role_name, role_assignment.role),
              ifnull(role_assignment.scope, 'an unknown scope'), ifnull(role_assignment.principal_kind, 'principal'),
              role_assignment.principal,
              iif(role_assignment.created_by IS NULL, ': Azure does not say who granted it', '')) AS reason,
       role_assignment.principal     AS principal,
       role_assignment.created_at    AS seen_at,
       'B'                           AS grade
FROM   account
JOIN   role_assignment
  ON   role_assignment.created_by = account.id COLLATE NOCASE
       -- One without a creator is not theirs only if it is older than their account. Else nobody can say that.
  OR   (role_assignment.created_by IS NULL
        AND ifnull(seconds_between(role_assignment.created_at, account.created_at) <= 0, 1))
WHERE  role_assignment.principal <> account.id COLLATE NOCASE;
/*
[[case]]
name = "granted by somebody else, or to the leaver, or before the leaver came"
account = [{ id = "u1", person = "p", created_at = 2024-01-01T00:00:00Z }]
role_assignment = [
  { id = "/r1", principal = "x", role = "reader", created_by = "u2" },
  { id = "/r2", principal = "u1", role = "reader", created_by = "U1" },
  { id = "/r3", principal = "x", role = "reader", created_at = 2023-12-31T23:59:59Z },
]
expect = "pass"

[[case]]
name = "granted by the leaver"
account = [{ id = "u1", person = "p" }]
role_assignment = [{ id = "/r1", principal = "x", role = "owner", created_by = "U1" }]
expect = { "azure:/r1" = "fail" }

[[case]]
name = "without a creator nobody is cleared: since the leaver came, at an unknown time, for an account of unknown age"
account = [{ id = "u1", person = "p", created_at = 2024-01-01T00:00:00Z }, { id = "u2", person = "q" }]
role_assignment = [
  { id = "/r1", principal = "x", role = "reader", created_at = 2024-01-01T00:00:00Z },
  { id = "/r2", principal = "x", role = "reader" },
]
expect = { "azure:/r1" = "unknown", "azure:/r2" = "unknown" }

[[case]]
name = "role assignments could not be listed"
incomplete = ["role_assignment"]
expect = "unknown"
*/
