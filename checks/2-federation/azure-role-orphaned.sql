/*
title    = "An Azure role of the deleted leaver was left behind"
proven   = "No Azure role of the deleted leaver was left behind"
severity = "medium"
why      = "Azure does not clean up: restoring the account within 30 days brings the role back."
fix      = "See first that the principal is gone for good: a deleted account or application can be restored for 30 days, and comes back without the role. Then delete the role assignment, which stops nothing."
action   = "remove-role-assignment"
monotone = true
controls = { nist = ["PS-4", "AC-2(3)"], iso27001 = ["A.5.18"], soc2 = ["CC6.3"], cis = ["5.1", "6.2"], owasp-nhi = ["NHI1:2025"] }
*/
SELECT account.person                AS person,
       printf('azure:%s', role_assignment.id) AS subject,
       'fail'                        AS status,
       printf('%s on %s', ifnull(role_assignment.role_name, role_assignment.role), ifnull(role_assignment.scope, 'an unknown scope')) AS reason,
       account.deleted_at            AS deleted_at,
       role_assignment.created_by    AS granted_by,
       'A'                           AS grade
FROM   account
JOIN   role_assignment ON role_assignment.principal = account.id COLLATE NOCASE
WHERE  account.deleted_at IS NOT NULL;
/*
[[case]]
name = "an account that is still there"
account = [{ id = "u1", person = "p" }]
role_assignment = [{ id = "/r1", principal = "u1", role = "reader" }]
expect = "pass"

[[case]]
name = "the account is in the recycle bin"
account = [{ id = "u1", person = "p", deleted_at = 2026-05-02T00:00:00Z }]
role_assignment = [{ id = "/r1", principal = "u1", role = "reader", role_name = "Reader" }]
expect = { "azure:/r1" = "fail" }

[[case]]
name = "role assignments could not be listed"
incomplete = ["role_assignment"]
expect = "unknown"
*/
