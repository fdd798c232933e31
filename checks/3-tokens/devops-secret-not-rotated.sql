/*
title    = "A secret variable that the leaver made in Azure DevOps was not renewed since they left"
proven   = "Every secret variable that the leaver made in Azure DevOps was renewed since they left"
severity = "medium"
why      = "Its value is shown to nobody. Somebody else changed the group or definition since, which does not say that this value was changed."
fix      = "Renew the secret where it was issued, its users first: what still has the old value fails. Store the new value after the last day of the leaver."
applies  = "devops_organization"
controls = { nist = ["PS-4", "IA-5", "AC-2(3)"], iso27001 = ["A.5.17", "A.5.18"], soc2 = ["CC6.1"], cis = ["6.2"], owasp-nhi = ["NHI1:2025", "NHI2:2025"] }
*/
SELECT variable.creator         AS person,
       variable.id              AS subject,
       CASE WHEN variable.changed_at > last_day.ends_at  THEN 'pass'
            WHEN variable.changed_at <= last_day.ends_at THEN 'fail'
       END                      AS status,
       printf('%s in %s of %s was made by the leaver and is shown to nobody; its place was last changed by %s%s', variable.name,
              ifnull(variable.holder, variable.place), ifnull(variable.project_name, variable.project),
              coalesce(variable.actor_name, variable.actor, 'somebody'), ifnull(' on ' || variable.changed_at, '')) AS reason,
       'B'                      AS grade,
       variable.changed_at      AS seen_at
FROM   devops_variable AS variable
LEFT JOIN last_day ON last_day.person = variable.creator
LEFT JOIN devops_user AS account ON account.person = variable.creator AND account.organization = variable.organization
WHERE  variable.secret = 1
AND    variable.vault IS NULL
AND    variable.creator IS NOT NULL
AND    variable.person IS NOT variable.creator;
/*
[[case]]
name = "changed by another before the last day, and after an unknown one"
now = "2026-06-01T00:00:00Z"
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
last_day = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-02T00:00:00Z }]
devops_variable = [
  { id = "v1", organization = "contoso", project = "p1", project_name = "web", place = "variable-group", holder = "deploy", name = "v1", secret = 1, creator = "p", actor_name = "bob@contoso.com", changed_at = 2026-04-01T00:00:00Z },
  { id = "v2", organization = "contoso", project = "p1", project_name = "web", place = "variable-group", holder = "deploy", name = "v2", secret = 1, creator = "q", actor_name = "bob@contoso.com", changed_at = 2026-05-20T00:00:00Z },
]
expect = { "v1" = "fail", "v2" = "unknown" }

[[case]]
name = "renewed since, not the leaver's, or not a secret"
now = "2026-06-01T00:00:00Z"
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
last_day = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-02T00:00:00Z }]
devops_variable = [
  { id = "v1", organization = "contoso", project = "p1", project_name = "web", place = "variable-group", holder = "deploy", name = "v1", secret = 1, creator = "p", actor_name = "bob@contoso.com", changed_at = 2026-05-20T00:00:00Z },
  { id = "v2", organization = "contoso", project = "p1", project_name = "web", place = "variable-group", holder = "deploy", name = "v2", secret = 1, actor_name = "bob@contoso.com", changed_at = 2026-04-20T00:00:00Z },
  { id = "v3", organization = "contoso", project = "p1", project_name = "web", place = "variable-group", holder = "deploy", name = "v3", secret = 0, creator = "p", actor_name = "bob@contoso.com", changed_at = 2026-04-20T00:00:00Z },
]
expect = "pass"

[[case]]
name = "variables could not be read"
now = "2026-06-01T00:00:00Z"
incomplete = ["devops_variable"]
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
expect = "unknown"
*/
