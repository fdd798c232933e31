/*
title    = "The leaver is assigned to the MCP gateway"
proven   = "The leaver is assigned to no MCP gateway"
severity = "high"
why      = "An assignment lets the person get tokens for the gateway even where assignment is required, and survives every consent clean-up."
fix      = "Disable the account first, then remove the assignment of the user from the gateway's enterprise application: what runs with this person's sign-in gets no more tokens for it."
action   = "remove-app-role-assignment"
monotone = true
controls = { nist = ["PS-4", "AC-2(3)"], iso27001 = ["A.5.18"], soc2 = ["CC6.2"], cis = ["6.2"], owasp-nhi = ["NHI1:2025"], owasp-mcp = ["MCP07:2025"] }
*/
SELECT assignment.person                                  AS person,
       'entra:app-role-assignment/' || assignment.id      AS subject,
       'fail'                                             AS status,
       printf('assigned to %s directly', ifnull(gateway.name, gateway.app_id)) AS reason,
       assignment.role                                    AS role,
       assignment.created_at                              AS created_at,
       'A'                                                AS grade
FROM   app_role_assignment AS assignment
JOIN   gateway ON gateway.id = assignment.resource COLLATE NOCASE
WHERE  assignment.principal_kind = 'User';
/*
[[case]]
name = "assigned to something else"
gateway = [{ id = "gw", app_id = "a" }]
app_role_assignment = [{ id = "a1", person = "p", principal = "u1", principal_kind = "User", resource = "other" }]
expect = "pass"

[[case]]
name = "assigned directly"
gateway = [{ id = "gw", app_id = "a" }]
app_role_assignment = [{ id = "a1", person = "p", principal = "u1", principal_kind = "User", resource = "gw" }]
expect = { "entra:app-role-assignment/a1" = "fail" }

[[case]]
name = "assignments could not be listed"
gateway = [{ id = "gw", app_id = "a" }]
incomplete = ["app_role_assignment"]
expect = "unknown"
*/
