/*
title    = "The leaver can release jobs into a GitHub environment"
proven   = "The leaver can release jobs into no GitHub environment"
severity = "medium"
why      = "A job that waits for this review gets the environment's secrets and identity as soon as the account says yes; where nobody else may, nothing is released any more."
fix      = "Name a team as the reviewer first: without one its jobs wait for ever, or start without a review. Saving an environment replaces all of its rules: send the others along."
monotone = true
controls = { nist = ["AC-2(3)", "AC-5", "CM-3"], iso27001 = ["A.5.3", "A.8.32"], soc2 = ["CC6.3", "CC8.1"], cis = ["6.2"] }
*/
SELECT leaver.person           AS person,
       printf('%s/reviewer/%s', reviewer.id, ifnull(reviewer.user_id, reviewer.login)) AS subject,
       'fail'                  AS status,
       CASE WHEN reviewer.others = 0 THEN 'high'
       END                     AS severity,
       printf('%s reviews %s of %s/%s%s', ifnull(reviewer.login, leaver.login), reviewer.environment, reviewer.organization,
              reviewer.repository, CASE WHEN reviewer.others = 0 THEN ', and nobody else does' ELSE '' END) AS reason,
       'A'                     AS grade
FROM   github_leaver AS leaver
JOIN   github_reviewer AS reviewer ON same_account(leaver.login, leaver.user_id, reviewer.login, reviewer.user_id);
/*
[[case]]
name = "the only reviewer"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_reviewer = [{ id = "github:repo/contoso/api/environment/prod", organization = "contoso", repository = "api", environment = "prod", login = "alice-dev", user_id = "7", others = 0 }]
expect = { "github:repo/contoso/api/environment/prod/reviewer/7" = "fail" }

[[case]]
name = "another reviewer, of an environment with the leaver's name"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_reviewer = [{ id = "e", organization = "contoso", repository = "api", environment = "alice-dev", login = "bob", user_id = "8" }]
expect = "pass"

[[case]]
name = "environments could not be listed"
incomplete = ["github_reviewer"]
identity = [{ person = "p", kind = "github", name = "alice-dev" }]
expect = "unknown"
*/
