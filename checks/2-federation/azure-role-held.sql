/*
title    = "The leaver holds an Azure role"
proven   = "The leaver holds no Azure role"
severity = "medium"
why      = "A role assignment is not part of the account: it works again as soon as anybody enables the account or adds it to the group."
fix      = "Name who takes over what only this person administers. Then delete the role assignment, or for a role held through a group remove the person from the group: what still runs with it is refused within minutes."
action   = "remove-role-assignment"
monotone = true
controls = { nist = ["PS-4", "AC-2(3)", "AC-6"], iso27001 = ["A.5.18"], soc2 = ["CC6.3"], cis = ["6.2", "6.8"], owasp-nhi = ["NHI1:2025"] }
*/
SELECT holder.person                 AS person,
       printf('azure:%s', role_assignment.id) AS subject,
       'fail'                        AS status,
       CASE WHEN role_assignment.role_name IN ('Owner', 'User Access Administrator', 'Role Based Access Control Administrator') THEN 'critical'
            WHEN role_assignment.role_name = 'Contributor' THEN 'high'
       END                           AS severity,
       printf('%s on %s%s', ifnull(role_assignment.role_name, role_assignment.role), ifnull(role_assignment.scope, 'an unknown scope'),
              holder.how)            AS reason,
       role_assignment.created_by    AS granted_by,
       role_assignment.created_at    AS granted_at,
       role_assignment.condition     AS condition,
       'A'                           AS grade
FROM   (SELECT account.person AS person, account.id AS principal, '' AS how
        FROM   account
        WHERE  account.deleted_at IS NULL
        UNION
        SELECT group_membership.person, group_membership.group_id, printf(', through the group %s', ifnull(group_membership.name, group_membership.group_id))
        FROM   group_membership) AS holder
JOIN   role_assignment ON role_assignment.principal = holder.principal COLLATE NOCASE;
/*
[[case]]
name = "somebody else's role, and a role left behind by a deleted account"
account = [{ id = "u1", person = "p" }, { id = "u3", person = "q", deleted_at = 2026-05-01T00:00:00Z }]
role_assignment = [{ id = "/r1", principal = "u2", role = "reader" }, { id = "/r3", principal = "u3", role = "reader" }]
expect = "pass"

[[case]]
name = "directly, and through a group"
account = [{ id = "u1", person = "p" }]
group_membership = [{ person = "p", group_id = "g1", name = "platform" }]
role_assignment = [
  { id = "/r1", principal = "U1", role = "o", role_name = "Owner", scope = "/subscriptions/s" },
  { id = "/r2", principal = "g1", role = "c", role_name = "Contributor", scope = "/subscriptions/s" },
]
expect = { "azure:/r1" = "fail", "azure:/r2" = "fail" }

[[case]]
name = "role assignments could not be listed"
account = [{ id = "u1", person = "p" }]
incomplete = ["role_assignment"]
expect = "unknown"
*/
