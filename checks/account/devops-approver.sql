/*
title    = "A stage of a release in Azure DevOps waits for the leaver"
proven   = "No stage of a release in Azure DevOps waits for the leaver"
severity = "medium"
why      = "A release stops there for ever, or somebody with the leaver's account lets it through."
fix      = "Name somebody else in their place first: a stage that waits for nobody waits for ever."
monotone = true
applies  = "devops_organization"
controls = { nist = ["PS-4", "AC-2(3)"], iso27001 = ["A.5.11", "A.5.18"], soc2 = ["CC6.2", "CC6.3"], cis = ["6.2"], owasp-nhi = ["NHI1:2025"] }
*/
SELECT approver.person          AS person,
       approver.id              AS subject,
       'fail'                   AS status,
       CASE WHEN min(approver.others) = 0 THEN 'high'
       END                      AS severity,
       printf('%s approves %s the stage %s of %s in %s%s', ifnull(max(approver.actor_name), 'the leaver'), group_concat(DISTINCT approver.moment),
              ifnull(max(approver.stage), 'without a name'), ifnull(max(approver.pipeline), 'a release'),
              ifnull(max(approver.project_name), max(approver.project)), iif(min(approver.others) = 0, ', and nobody else can', '')) AS reason,
       min(approver.grade)      AS grade
FROM   devops_approver AS approver
LEFT JOIN devops_user AS account ON account.person = approver.person AND account.organization = approver.organization
WHERE  approver.person IS NOT NULL
GROUP BY approver.person, approver.id;
/*
[[case]]
name = "alone, and among others"
now = "2026-06-01T00:00:00Z"
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
devops_approver = [
  { id = "r1", organization = "contoso", project = "p1", stage = "PROD", moment = "before", others = 0, person = "p", grade = "A" },
  { id = "r2", organization = "contoso", project = "p1", stage = "QA", moment = "after", others = 2, person = "p", grade = "A" },
]
expect = { "r1" = "fail", "r2" = "fail" }

[[case]]
name = "somebody else"
now = "2026-06-01T00:00:00Z"
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
devops_approver = [{ id = "r1", organization = "contoso", project = "p1", moment = "before", others = 0, actor = "u9" }]
expect = "pass"

[[case]]
name = "the definitions could not be read"
now = "2026-06-01T00:00:00Z"
incomplete = ["devops_approver"]
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
