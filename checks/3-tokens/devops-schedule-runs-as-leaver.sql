/*
title    = "A pipeline of Azure DevOps runs by itself as the leaver"
proven   = "No pipeline of Azure DevOps runs by itself as the leaver"
severity = "high"
why      = "It goes on running with what the leaver was allowed, and its runs are recorded under their name. This is how the incident began."
fix      = "Let somebody else save the definition first: the runs are then theirs. Or take the schedule away, and its runs stop. Then look at what it did since the last day."
monotone = true
applies  = "devops_organization"
controls = { nist = ["PS-4", "AC-6"], iso27001 = ["A.5.18", "A.8.2"], soc2 = ["CC6.1", "CC6.3"], cis = ["6.2"], owasp-nhi = ["NHI1:2025", "NHI5:2025"] }
*/
SELECT pipeline.person          AS person,
       pipeline.id              AS subject,
       'fail'                   AS status,
       printf('%s of %s runs %s as %s%s', ifnull(pipeline.name, pipeline.number), ifnull(pipeline.project_name, pipeline.project),
              pipeline.schedule, ifnull(pipeline.actor_name, 'the leaver'),
              CASE WHEN pipeline.grade = 'A' THEN ', by its last scheduled run' WHEN pipeline.grade IS NOT NULL THEN ', who saved it last' END) AS reason,
       pipeline.grade           AS grade,
       (SELECT min(organization.name) FROM devops_organization AS organization WHERE organization.name = pipeline.organization) AS organization,
       pipeline.file            AS file,
       pipeline.actor_name      AS actor,
       pipeline.last_run_at     AS seen_at
FROM   devops_pipeline AS pipeline
LEFT JOIN devops_user AS account ON account.person = pipeline.person AND account.organization = pipeline.organization
WHERE  pipeline.schedule IS NOT NULL
AND    pipeline.person IS NOT NULL
AND    ifnull(pipeline.enabled, 1) = 1;
/*
[[case]]
name = "by its last run, and by who saved it"
now = "2026-06-01T00:00:00Z"
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
devops_pipeline = [
  { id = "b1", organization = "contoso", project = "p1", kind = "build", number = "1", schedule = "0 2 * * *", person = "p", grade = "A" },
  { id = "b2", organization = "contoso", project = "p1", kind = "release", number = "2", schedule = "31 03:00", person = "p", grade = "B" },
]
expect = { "b1" = "fail", "b2" = "fail" }

[[case]]
name = "as another, without a schedule, switched off"
now = "2026-06-01T00:00:00Z"
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
devops_pipeline = [
  { id = "b1", organization = "contoso", project = "p1", kind = "build", number = "1", schedule = "0 2 * * *", actor = "u9" },
  { id = "b2", organization = "contoso", project = "p1", kind = "build", number = "2", person = "p", grade = "B" },
  { id = "b3", organization = "contoso", project = "p1", kind = "build", number = "3", enabled = 0, schedule = "0 2 * * *", person = "p", grade = "B" },
]
expect = "pass"

[[case]]
name = "the definitions of a project could not be read"
now = "2026-06-01T00:00:00Z"
incomplete = ["devops_pipeline"]
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
