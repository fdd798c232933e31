/*
title    = "A group assigns the leaver to the MCP gateway"
proven   = "No group assigns the leaver to an MCP gateway"
severity = "high"
why      = "The person's own assignments look empty, and still every token request for the gateway is granted."
fix      = "Look first which licences and mailboxes the group gives: they go with it. Then take the person out of the group that the finding names."
action   = "remove-group-member"
monotone = true
controls = { nist = ["PS-4", "AC-2(3)"], iso27001 = ["A.5.18"], soc2 = ["CC6.2"], cis = ["6.2"], owasp-nhi = ["NHI1:2025"], owasp-mcp = ["MCP07:2025"] }
*/
SELECT assignment.person                                  AS person,
       printf('entra:group/%s/member/%s', assignment.principal, person.object_id) AS subject,
       CASE WHEN assignment.principal_kind = 'Group' THEN 'fail' END AS status,
       printf('assigned to %s through %s', ifnull(gateway.name, gateway.app_id),
              CASE WHEN assignment.principal_kind = 'Group' THEN 'group ' ELSE '' END
              || ifnull(assignment.principal_name, assignment.principal))        AS reason,
       assignment.id                                      AS assignment,
       assignment.role                                    AS role,
       'A'                                                AS grade
FROM   app_role_assignment AS assignment
JOIN   gateway ON gateway.id = assignment.resource COLLATE NOCASE
JOIN   person  ON person.id = assignment.person
WHERE  assignment.principal_kind IS NULL
   OR  assignment.principal_kind <> 'User';
/*
[[case]]
name = "only a direct assignment"
person = [{ id = "p", object_id = "u1" }]
gateway = [{ id = "gw", app_id = "a" }]
app_role_assignment = [{ id = "a1", person = "p", principal = "u1", principal_kind = "User", resource = "gw" }]
expect = "pass"

[[case]]
name = "through a group"
person = [{ id = "p", object_id = "u1" }]
gateway = [{ id = "gw", app_id = "a" }]
app_role_assignment = [{ id = "a1", person = "p", principal = "g1", principal_kind = "Group", principal_name = "mcp-users", resource = "gw" }]
expect = { "entra:group/g1/member/u1" = "fail" }

[[case]]
name = "the kind of the principal is hidden"
person = [{ id = "p", object_id = "u1" }]
gateway = [{ id = "gw", app_id = "a" }]
app_role_assignment = [{ id = "a1", person = "p", principal = "x", resource = "gw" }]
expect = { "entra:group/x/member/u1" = "unknown" }

[[case]]
name = "assignments could not be listed"
incomplete = ["app_role_assignment"]
expect = "unknown"
*/
