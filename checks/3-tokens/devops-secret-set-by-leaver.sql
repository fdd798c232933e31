/*
title    = "A secret variable of Azure DevOps was last set by the leaver"
proven   = "No secret variable of Azure DevOps was last set by the leaver"
severity = "high"
why      = "Whoever sets a secret knows its value and can use it from anywhere, long after their account is closed. The service shows it to nobody, so it cannot be told whose it is."
fix      = "Renew it where it was issued, its users first: what still has the old value fails. Store the new value under another account."
monotone = true
applies  = "devops_organization"
controls = { nist = ["PS-4", "IA-5", "AC-2(3)"], iso27001 = ["A.5.17", "A.5.18"], soc2 = ["CC6.1"], cis = ["6.2"], owasp-nhi = ["NHI1:2025", "NHI2:2025"] }
*/
SELECT variable.person          AS person,
       variable.id              AS subject,
       'fail'                   AS status,
       printf('%s in %s of %s was last changed by %s%s', variable.name,
              ifnull(replace(variable.place, '-', ' ') || ' ' || variable.holder, variable.place),
              ifnull(variable.project_name, variable.project), ifnull(variable.actor_name, 'the leaver'),
              ifnull(' on ' || variable.changed_at, '')) AS reason,
       variable.grade           AS grade,
       variable.actor_name      AS actor,
       variable.changed_at      AS seen_at
FROM   devops_variable AS variable
LEFT JOIN devops_user AS account ON account.person = variable.person AND account.organization = variable.organization
WHERE  variable.secret = 1
AND    variable.vault IS NULL
AND    variable.person IS NOT NULL;
/*
[[case]]
name = "by id, and by name only"
now = "2026-06-01T00:00:00Z"
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
devops_variable = [
  { id = "v1", organization = "contoso", project = "p1", project_name = "web", place = "variable-group", holder = "deploy", name = "v1", secret = 1, person = "p", grade = "B", actor_name = "alice@contoso.com" },
  { id = "v2", organization = "contoso", project = "p1", project_name = "web", place = "variable-group", holder = "deploy", name = "v2", secret = 1, person = "p", grade = "D", actor_name = "alice@contoso.com" },
]
expect = { "v1" = "fail", "v2" = "fail" }

[[case]]
name = "set by another, one in clear, one whose value is in a vault"
now = "2026-06-01T00:00:00Z"
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
devops_variable = [
  { id = "v1", organization = "contoso", project = "p1", project_name = "web", place = "variable-group", holder = "deploy", name = "v1", secret = 1, actor = "u9", actor_name = "bob@contoso.com" },
  { id = "v2", organization = "contoso", project = "p1", project_name = "web", place = "variable-group", holder = "deploy", name = "v2", secret = 0, person = "p", grade = "B" },
  { id = "v3", organization = "contoso", project = "p1", project_name = "web", place = "variable-group", holder = "deploy", name = "v3", secret = 1, person = "p", grade = "B", vault = "kv" },
]
expect = "pass"

[[case]]
name = "the variables of a project could not be read"
now = "2026-06-01T00:00:00Z"
incomplete = ["devops_variable"]
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
