/*
title    = "The leaver granted an Azure role to somebody else"
severity = "low"
why      = "A role given shortly before leaving is a way to stay; nobody else may know why it was given."
fix      = "Have the owner of the scope confirm the role assignment, or delete it."
monotone = true
controls = { nist = ["AC-2(4)", "AC-6(7)"], iso27001 = ["A.5.18"], soc2 = ["CC6.3"], cis = ["6.1", "6.8"], owasp-nhi = ["NHI5:2025"] }
*/
SELECT account.person                AS person,
       printf('azure:%s', role_assignment.id) AS subject,
       'fail'                        AS status,
       printf('%s on %s, for the %s %s', ifnull(role_assignment.role_name, role_assignment.role),
              ifnull(role_assignment.scope, 'an unknown scope'), ifnull(role_assignment.principal_kind, 'principal'),
              role_assignment.principal) AS reason,
       role_assignment.principal     AS principal,
       role_assignment.created_at    AS seen_at,
       'B'                           AS grade
FROM   account
JOIN   role_assignment ON role_assignment.created_by = account.id COLLATE NOCASE
WHERE  role_assignment.principal <> account.id COLLATE NOCASE;
/*
[[case]]
name = "granted by somebody else, or to the leaver"
account = [{ id = "u1", person = "p" }]
role_assignment = [
  { id = "/r1", principal = "x", role = "reader", created_by = "u2" },
  { id = "/r2", principal = "u1", role = "reader", created_by = "U1" },
]
expect = "pass"

[[case]]
name = "granted by the leaver"
account = [{ id = "u1", person = "p" }]
role_assignment = [{ id = "/r1", principal = "x", role = "owner", created_by = "U1" }]
expect = { "azure:/r1" = "fail" }

[[case]]
name = "role assignments could not be listed"
incomplete = ["role_assignment"]
expect = "unknown"
*/
