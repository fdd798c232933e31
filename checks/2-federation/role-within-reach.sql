/*
title    = "An Azure role is within the leaver's reach through a pipeline identity"
severity = "high"
why      = "The leaver can still act as this identity, so its role is theirs, and the logs show the identity's name."
fix      = "Close the path first: delete the credential that leads there. Then review what the identity did since the last day."
monotone = true
controls = { nist = ["PS-4", "AC-6"], iso27001 = ["A.5.18", "A.8.2"], soc2 = ["CC6.1", "CC6.3"], cis = ["6.2", "6.8"], owasp-nhi = ["NHI1:2025", "NHI5:2025"] }
*/
SELECT reach.person                  AS person,
       printf('azure:%s', role_assignment.id) AS subject,
       'fail'                        AS status,
       CASE WHEN role_assignment.role_name IN ('Owner', 'Contributor', 'User Access Administrator',
                                               'Role Based Access Control Administrator') THEN 'critical'
       END                           AS severity,
       printf('%s on %s, through a %s', ifnull(role_assignment.role_name, role_assignment.role),
              ifnull(role_assignment.scope, 'an unknown scope'), reach.path) AS reason,
       reach.via                     AS via,
       reach.principal               AS principal,
       'A'                           AS grade
FROM   reach
CROSS JOIN role_assignment ON role_assignment.principal = reach.principal COLLATE NOCASE
WHERE  reach.path <> 'own account';
/*
[[case]]
name = "the identity trusts somebody else, and the leaver's own role is another check's"
person = [{ id = "p", object_id = "u1" }]
account = [{ id = "u1", person = "p" }]
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "7" }]
managed_identity = [{ id = "/i1", principal = "m1" }]
federated_credential = [{ id = "f1", object = "/i1", object_kind = "managed-identity", name = "n", issuer = "https://token.actions.githubusercontent.com", subject = "repo:contoso/x:ref:refs/heads/main" }]
role_assignment = [{ id = "/r1", principal = "m1", role = "o", role_name = "Owner" }, { id = "/r2", principal = "u1", role = "o" }]
expect = "pass"

[[case]]
name = "through the leaver's repository, through a name that anybody can register, through a secret that they added"
person = [{ id = "p", object_id = "u1" }]
account = [{ id = "u1", person = "p" }]
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "7" }]
managed_identity = [{ id = "/i1", principal = "m1" }, { id = "/i2", principal = "m2" }]
application = [{ id = "o3", app_id = "a3" }]
service_principal = [{ id = "m3", app_id = "a3" }]
credential_event = [{ event = "e1", person = "p", at = 2026-05-01T00:00:00Z, object = "o3", key_id = "k1", change = "added" }]
credential = [{ object = "o3", object_kind = "application", key_id = "k1", kind = "secret" }]
federated_credential = [
  { id = "f1", object = "/i1", object_kind = "managed-identity", name = "n", issuer = "https://token.actions.githubusercontent.com", subject = "repo:alice-dev/x:ref:refs/heads/main" },
  { id = "f2", object = "/i2", object_kind = "managed-identity", name = "n", issuer = "https://token.actions.githubusercontent.com", expression = "claims['sub'] matches 'repo:contoso*'" },
]
role_assignment = [
  { id = "/r1", principal = "M1", role = "o", role_name = "Owner" },
  { id = "/r2", principal = "m2", role = "r", role_name = "Reader" },
  { id = "/r3", principal = "m3", role = "r", role_name = "Reader" },
]
expect = { "azure:/r1" = "fail", "azure:/r2" = "fail", "azure:/r3" = "fail" }

[[case]]
name = "role assignments, or who can act as whom, could not be read"
incomplete = ["role_assignment", "federated_credential"]
expect = "unknown"
*/
