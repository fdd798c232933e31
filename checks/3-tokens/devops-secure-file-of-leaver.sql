/*
title    = "A secure file of Azure DevOps was put there by the leaver"
proven   = "No secure file of Azure DevOps was put there by the leaver"
severity = "medium"
why      = "Such files are keys, certificates and settings for jobs. Whoever uploaded one has a copy, and the service shows its content to nobody."
fix      = "Renew what the file holds where it was issued, and upload the new one first. Then delete this one: pipelines that name it fail."
monotone = true
applies  = "devops_organization"
controls = { nist = ["PS-4", "IA-5", "AC-2(3)"], iso27001 = ["A.5.17", "A.5.18"], soc2 = ["CC6.1"], cis = ["6.2"], owasp-nhi = ["NHI1:2025", "NHI2:2025"] }
*/
SELECT file.person              AS person,
       file.id                  AS subject,
       'fail'                   AS status,
       printf('%s in %s was %s by %s%s', ifnull(file.name, 'a file'), ifnull(file.project_name, file.project), ifnull(file.deed, 'made'),
              ifnull(file.actor_name, 'the leaver'), ifnull(' on ' || file.changed_at, '')) AS reason,
       file.grade               AS grade,
       file.actor_name          AS actor,
       file.changed_at          AS seen_at
FROM   devops_secure_file AS file
LEFT JOIN devops_user AS account ON account.person = file.person AND account.organization = file.organization
WHERE  file.person IS NOT NULL;
/*
[[case]]
name = "made by the leaver"
now = "2026-06-01T00:00:00Z"
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
devops_secure_file = [{ id = "f1", organization = "contoso", project = "p1", name = "key", person = "p", grade = "B", deed = "made" }]
expect = { "f1" = "fail" }

[[case]]
name = "made by another"
now = "2026-06-01T00:00:00Z"
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
devops_secure_file = [{ id = "f1", organization = "contoso", project = "p1", name = "key", actor = "u9", deed = "made" }]
expect = "pass"

[[case]]
name = "the files of a project could not be listed"
now = "2026-06-01T00:00:00Z"
incomplete = ["devops_secure_file"]
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
