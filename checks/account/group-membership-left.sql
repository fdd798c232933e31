/*
title    = "The leaver is still in groups"
proven   = "The leaver is in no group"
severity = "low"
why      = "Groups carry app assignments, roles and licences; they take effect again when the account is enabled or restored."
fix      = "Look first which licences and mailboxes hang on the groups: they go with the membership. Then remove the person from the groups; a dynamic group needs a change of the attribute that its rule looks at."
action   = "remove-group-member"
monotone = true
controls = { nist = ["PS-4", "AC-2"], iso27001 = ["A.5.18"], soc2 = ["CC6.2"], cis = ["6.2"] }
*/
SELECT membership.person              AS person,
       'entra:group/' || membership.group_id || '/member/' || account.id AS subject,
       'fail'                         AS status,
       CASE WHEN membership.role_assignable = 1 THEN 'high' END AS severity,
       printf('member of %s%s', ifnull(membership.name, 'a group without a readable name'),
              CASE WHEN membership.role_assignable = 1 THEN ', which can hold directory roles' ELSE '' END) AS reason,
       CASE WHEN membership.dynamic = 1 THEN 'by rule' WHEN membership.dynamic = 0 THEN 'by hand' END AS membership,
       'A'                            AS grade
FROM   group_membership AS membership
JOIN   account ON account.person = membership.person
WHERE  membership.direct = 1;
/*
[[case]]
name = "in no group"
account = [{ id = "u1", person = "p" }]
expect = "pass"

[[case]]
name = "in one group directly and one through it"
account = [{ id = "u1", person = "p" }]
group_membership = [
  { person = "p", group_id = "g1", name = "mcp-users", direct = true },
  { person = "p", group_id = "g2", direct = false },
]
expect = { "entra:group/g1/member/u1" = "fail" }

[[case]]
name = "groups could not be listed"
account = [{ id = "u1", person = "p" }]
incomplete = ["group_membership"]
expect = "unknown"
*/
