/*
title    = "Still has an account in an Azure DevOps organisation"
proven   = "The leaver has no account in an Azure DevOps organisation"
severity = "high"
why      = "As long as the account is there, its tokens, keys and permissions are, and a restored Entra account gets all of them back."
fix      = "Remove the user from the organisation after what they made has another owner. Removing the licence alone leaves the account."
action   = "remove-devops-entitlement"
monotone = true
applies  = "devops_organization"
controls = { nist = ["PS-4", "AC-2(3)"], iso27001 = ["A.5.11", "A.5.18"], soc2 = ["CC6.2", "CC6.3"], cis = ["6.2"], owasp-nhi = ["NHI1:2025"] }
*/
SELECT account.person           AS person,
       account.id               AS subject,
       'fail'                   AS status,
       CASE WHEN entitlement.status IN ('none', 'expired', 'disabled') THEN 'medium'
       END                      AS severity,
       printf('%s is %s of %s%s, %s', ifnull(account.name, 'the leaver'), ifnull('a ' || account.kind, 'an account'), account.organization,
              ifnull(' with the licence ' || entitlement.licence || ' (' || ifnull(entitlement.status, 'state unknown') || ')', ''),
              ifnull('last used on ' || entitlement.last_access_at, 'with no use on record')) AS reason,
       'A'                      AS grade,
       entitlement.last_access_at AS seen_at
FROM   devops_user AS account
LEFT JOIN devops_entitlement AS entitlement ON entitlement.id = account.id;
/*
[[case]]
name = "with a licence, and without one"
now = "2026-06-01T00:00:00Z"
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [
  { id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u" },
  { id = "devops:contoso/user/aad.b", person = "q", organization = "contoso", descriptor = "aad.b", user_id = "v" },
]
devops_entitlement = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", licence = "Basic", status = "active" }]
expect = { "devops:contoso/user/aad.a" = "fail", "devops:contoso/user/aad.b" = "fail" }

[[case]]
name = "no account"
now = "2026-06-01T00:00:00Z"
devops_organization = [{ id = "o", name = "contoso" }]
expect = "pass"

[[case]]
name = "no organisation of Azure DevOps"
expect = "pass"

[[case]]
name = "the accounts could not be listed"
now = "2026-06-01T00:00:00Z"
incomplete = ["devops_user"]
devops_organization = [{ id = "o", name = "contoso" }]
expect = "unknown"
*/
