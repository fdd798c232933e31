/*
title    = "A permission in Azure DevOps names the leaver"
proven   = "No permission in Azure DevOps names the leaver"
severity = "medium"
why      = "It stays when the account is taken out of every group."
fix      = "Name who takes over what only this person may do. Then take the entry for this account out of the permissions of the thing."
monotone = true
applies  = "devops_organization"
controls = { nist = ["PS-4", "AC-2(3)"], iso27001 = ["A.5.11", "A.5.18"], soc2 = ["CC6.2", "CC6.3"], cis = ["6.2"], owasp-nhi = ["NHI1:2025"] }
*/
SELECT permission.person        AS person,
       permission.id            AS subject,
       'fail'                   AS status,
       printf('%s in %s: %s on %s', ifnull(account.name, 'the leaver'), permission.organization, permission.allowed,
              ifnull(permission.namespace || ' ', '') || permission.token) AS reason,
       'A'                      AS grade,
       permission.denied        AS denied
FROM   devops_permission AS permission
LEFT JOIN devops_user AS account ON account.person = permission.person AND account.organization = permission.organization
WHERE  permission.allowed IS NOT NULL;
/*
[[case]]
name = "may administer a connection"
now = "2026-06-01T00:00:00Z"
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
devops_permission = [{ id = "x1", person = "p", organization = "contoso", namespace = "ServiceEndpoints", token = "endpoints/p1/s1", allowed = "Administer Use" }]
expect = { "x1" = "fail" }

[[case]]
name = "only denied"
now = "2026-06-01T00:00:00Z"
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
devops_permission = [{ id = "x1", person = "p", organization = "contoso", namespace = "Build", token = "p1", denied = "View" }]
expect = "pass"

[[case]]
name = "the permissions could not be read"
now = "2026-06-01T00:00:00Z"
incomplete = ["devops_permission"]
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
