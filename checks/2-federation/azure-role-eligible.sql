/*
title    = "The leaver can switch on an Azure role"
proven   = "The leaver can switch on no Azure role"
severity = "high"
why      = "An eligible role is no role assignment until it is used, and then it is one click away from a live session."
fix      = "Name who takes over what only this person administers. Then remove the eligibility in Privileged Identity Management, or for one through a group the person from the group; a role that is switched on now ends by itself, within hours."
action   = "remove-role-eligibility"
monotone = true
controls = { nist = ["PS-4", "AC-2(3)", "AC-6(5)"], iso27001 = ["A.5.18", "A.8.2"], soc2 = ["CC6.3"], cis = ["6.2", "6.8"], owasp-nhi = ["NHI1:2025"] }
*/
SELECT holder.person                 AS person,
       printf('azure:%s', eligible.id) AS subject,
       CASE WHEN eligible.ends_at <= :now THEN 'pass'
            WHEN eligible.ends_at > :now  THEN 'fail'
            WHEN eligible.ends_at IS NULL THEN 'fail'
       END                           AS status,
       CASE WHEN eligible.role_name IN ('Owner', 'User Access Administrator', 'Role Based Access Control Administrator') THEN 'critical'
       END                           AS severity,
       printf('%s on %s%s', ifnull(eligible.role_name, eligible.role), ifnull(eligible.scope, 'an unknown scope'), holder.how) AS reason,
       eligible.ends_at              AS ends_at,
       'A'                           AS grade
FROM   (SELECT account.person AS person, account.id AS principal, '' AS how
        FROM   account
        UNION
        SELECT group_membership.person, group_membership.group_id, printf(', through the group %s', ifnull(group_membership.name, group_membership.group_id))
        FROM   group_membership) AS holder
JOIN   role_eligibility AS eligible ON eligible.principal = holder.principal COLLATE NOCASE;
/*
[[case]]
name = "somebody else's, and one that has ended"
account = [{ id = "u1", person = "p" }]
role_eligibility = [{ id = "/e1", principal = "u2", role = "owner" }, { id = "/e2", principal = "u1", role = "owner", ends_at = 2026-01-01T00:00:00Z }]
expect = "pass"

[[case]]
name = "directly, and through a group"
account = [{ id = "u1", person = "p" }]
group_membership = [{ person = "p", group_id = "g1", name = "platform" }]
role_eligibility = [
  { id = "/e1", principal = "U1", role = "o", role_name = "Owner", scope = "/subscriptions/s" },
  { id = "/e2", principal = "g1", role = "c", ends_at = 2099-01-01T00:00:00Z },
]
expect = { "azure:/e1" = "fail", "azure:/e2" = "fail" }

[[case]]
name = "PIM could not be read"
account = [{ id = "u1", person = "p" }]
incomplete = ["role_eligibility"]
expect = "unknown"
*/
