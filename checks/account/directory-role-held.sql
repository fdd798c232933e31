/*
title    = "The leaver holds a directory role"
proven   = "The leaver holds no directory role"
severity = "high"
why      = "A directory role works from any session that is still alive, and comes back with a restored account."
fix      = "Name who takes over what only this person administers. Then remove the role assignment; where a group holds the role, take the person out of the group: licences that it gives go too."
action   = "remove-role-assignment"
monotone = true
controls = { nist = ["PS-4", "AC-2", "AC-6(5)"], iso27001 = ["A.5.18", "A.8.2"], soc2 = ["CC6.3"], cis = ["6.2"] }
*/
SELECT role.person                    AS person,
       'entra:role-assignment/' || ifnull(role.id, role.role || '/' || ifnull(role.principal, '')) AS subject,
       'fail'                         AS status,
       CASE WHEN role.role IN (
              '62e90394-69f5-4237-9190-012177145e10', -- Global Administrator
              'e8611ab8-c189-46e8-94e1-60213ab1f814', -- Privileged Role Administrator
              '7be44c8a-adaf-4e2a-84d6-ab2649e08a13', -- Privileged Authentication Administrator
              '9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3', -- Application Administrator
              '158c047a-c907-4556-b7ef-446551a6b5f7', -- Cloud Application Administrator
              '8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2', -- Hybrid Identity Administrator
              '194ae4cb-b126-40b2-bd5b-6091b380977d', -- Security Administrator
              'b1be1c3e-b65d-4f19-8427-f6fa0d97feb9'  -- Conditional Access Administrator
            ) THEN 'critical' END     AS severity,
       printf('%s, %s', ifnull(role.role_name, role.role),
              CASE WHEN role.state = 'activated' THEN 'switched on through PIM'
                   WHEN role.principal = account.id COLLATE NOCASE THEN 'assigned directly'
                   ELSE 'through group ' || ifnull(role.principal, '') END) AS reason,
       role.scope                     AS scope,
       role.ends_at                   AS ends_at,
       'A'                            AS grade
FROM   directory_role AS role
JOIN   account ON account.person = role.person
WHERE  role.state IN ('assigned', 'activated');
/*
[[case]]
name = "only eligible"
account = [{ id = "u1", person = "p" }]
directory_role = [{ id = "r1", person = "p", principal = "u1", role = "x", state = "eligible" }]
expect = "pass"

[[case]]
name = "assigned directly and through a group"
account = [{ id = "u1", person = "p" }]
directory_role = [
  { id = "r1", person = "p", principal = "u1", role = "62e90394-69f5-4237-9190-012177145e10", state = "assigned" },
  { id = "r2", person = "p", principal = "g1", role = "x", state = "activated" },
]
expect = { "entra:role-assignment/r1" = "fail", "entra:role-assignment/r2" = "fail" }

[[case]]
name = "roles could not be listed"
account = [{ id = "u1", person = "p" }]
incomplete = ["directory_role"]
expect = "unknown"
*/
