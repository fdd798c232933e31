/*
title    = "The leaver can switch on a directory role"
proven   = "The leaver can switch on no directory role"
severity = "high"
why      = "An eligible role does not show among assigned roles, and is one click away from a live session."
fix      = "Name who takes over what only this person administers. Then remove the eligibility in Privileged Identity Management; a role that is switched on now ends by itself, within hours."
action   = "remove-role-eligibility"
monotone = true
controls = { nist = ["PS-4", "AC-6(5)"], iso27001 = ["A.5.18", "A.8.2"], soc2 = ["CC6.3"], cis = ["6.2"] }
*/
SELECT role.person                    AS person,
       'entra:role-eligibility/' || ifnull(role.id, role.role || '/' || ifnull(role.principal, '')) AS subject,
       CASE WHEN role.ends_at <= :now THEN 'pass'
            WHEN role.state = 'eligible' THEN 'fail'
       END                            AS status,
       ifnull(role.role_name, role.role) AS reason,
       role.scope                     AS scope,
       role.ends_at                   AS ends_at,
       'A'                            AS grade
FROM   directory_role AS role
WHERE  role.state = 'eligible';
/*
[[case]]
name = "an eligibility that has ended"
directory_role = [{ id = "e1", person = "p", role = "x", state = "eligible", ends_at = 2026-01-01T00:00:00Z }]
expect = "pass"

[[case]]
name = "eligible"
directory_role = [{ id = "e1", person = "p", role = "x", state = "eligible" }]
expect = { "entra:role-eligibility/e1" = "fail" }

[[case]]
name = "PIM could not be read"
incomplete = ["directory_role"]
expect = "unknown"
*/
