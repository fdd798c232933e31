/*
title    = "Still in a group of an Azure DevOps organisation"
proven   = "The leaver is in no group of an Azure DevOps organisation"
severity = "medium"
why      = "Groups carry the permissions of Azure DevOps. Whoever is in one of administrators can give themselves every other."
fix      = "Name who takes over what only this person administers. Then remove the account from the group, or from the group through which it belongs to it: the rights of that group go too."
monotone = true
applies  = "devops_organization"
controls = { nist = ["PS-4", "AC-2(3)"], iso27001 = ["A.5.11", "A.5.18"], soc2 = ["CC6.2", "CC6.3"], cis = ["6.2"], owasp-nhi = ["NHI1:2025"] }
*/
SELECT member.person            AS person,
       member.id                AS subject,
       'fail'                   AS status,
       CASE WHEN member.administers = 1 THEN 'high'
       END                      AS severity,
       printf('%s is in %s of %s%s', ifnull(account.name, 'the leaver'), member.name, member.organization,
              iif(member.direct = 1, '', ', through another group')) AS reason,
       'A'                      AS grade,
       member.direct            AS direct,
       member.administers       AS administers
FROM   devops_membership AS member
LEFT JOIN devops_user AS account ON account.person = member.person AND account.organization = member.organization
WHERE  member.name IS NOT NULL;
/*
[[case]]
name = "of administrators, and of readers through another group"
now = "2026-06-01T00:00:00Z"
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
devops_membership = [
  { id = "m1", person = "p", organization = "contoso", name = "[contoso]\\Project Collection Administrators", direct = 1, administers = 1 },
  { id = "m2", person = "p", organization = "contoso", name = "[web]\\Readers", direct = 0, administers = 0 },
]
expect = { "m1" = "fail", "m2" = "fail" }

[[case]]
name = "in no group"
now = "2026-06-01T00:00:00Z"
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
expect = "pass"

[[case]]
name = "the groups could not be listed"
now = "2026-06-01T00:00:00Z"
incomplete = ["devops_membership"]
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
expect = "unknown"

[[case]]
name = "the accounts could not be listed"
now = "2026-06-01T00:00:00Z"
incomplete = ["devops_user"]
devops_organization = [{ id = "o", name = "contoso" }]
expect = "unknown"
*/
