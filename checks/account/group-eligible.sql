/*
title    = "The leaver can switch on a group membership"
proven   = "The leaver can switch on no group membership"
severity = "high"
why      = "An eligible membership shows in no list of members, and is one click away from a live session."
fix      = "Name who takes over what the group gave only to this person. Then remove the eligibility in Privileged Identity Management for groups; a membership that is switched on now ends by itself."
action   = "remove-group-eligibility"
monotone = true
controls = { nist = ["PS-4", "AC-6(5)"], iso27001 = ["A.5.18", "A.8.2"], soc2 = ["CC6.3"], cis = ["6.2"] }
*/
SELECT eligible.person                AS person,
       printf('entra:group-eligibility/%s', eligible.id) AS subject,
       CASE WHEN eligible.ends_at <= :now THEN 'pass'
            WHEN eligible.ends_at > :now  THEN 'fail'
            WHEN eligible.ends_at IS NULL THEN 'fail'
       END                            AS status,
       printf('%s of the group %s', ifnull(eligible.access, 'member or owner'), eligible.group_id) AS reason,
       eligible.ends_at               AS ends_at,
       'A'                            AS grade
FROM   group_eligibility AS eligible;
/*
[[case]]
name = "an eligibility that has ended"
group_eligibility = [{ id = "e1", person = "p", group_id = "g", access = "member", ends_at = 2026-01-01T00:00:00Z }]
expect = "pass"

[[case]]
name = "as a member, and as an owner until later"
group_eligibility = [
  { id = "e1", person = "p", group_id = "g", access = "member" },
  { id = "e2", person = "p", group_id = "g", access = "owner", ends_at = 2099-01-01T00:00:00Z },
]
expect = { "entra:group-eligibility/e1" = "fail", "entra:group-eligibility/e2" = "fail" }

[[case]]
name = "PIM could not be read"
incomplete = ["group_eligibility"]
expect = "unknown"
*/
