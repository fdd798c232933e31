/*
title    = "A branch protection rule makes an exception for the leaver"
proven   = "No branch protection rule makes an exception for the leaver"
severity = "medium"
why      = "The exception outlives the person: with any access to the repository the account may push to, or merge into, a branch that is closed to others."
fix      = "Name a team first where the exception is still needed, or nobody may push or merge there. Then take the account off the rule: saving a rule replaces its whole list."
monotone = true
controls = { nist = ["AC-2(3)", "AC-5", "CM-3"], iso27001 = ["A.5.3", "A.8.32"], soc2 = ["CC6.3", "CC8.1"], cis = ["6.2"] }
*/
SELECT leaver.person           AS person,
       printf('%s/%s/%s', allowance.id, allowance.allowance, ifnull(allowance.user_id, allowance.login)) AS subject,
       'fail'                  AS status,
       CASE WHEN allowance.allowance = 'dismiss-reviews' THEN 'low'
       END                     AS severity,
       printf('%s may %s on %s of %s/%s', ifnull(allowance.login, leaver.login), replace(allowance.allowance, '-', ' '),
              allowance.pattern, allowance.organization, allowance.repository) AS reason,
       'A'                     AS grade
FROM   github_leaver AS leaver
JOIN   github_branch_allowance AS allowance
  ON   same_account(leaver.login, leaver.user_id, allowance.login, allowance.user_id);
/*
[[case]]
name = "may push to main"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_branch_allowance = [{ id = "github:repo/contoso/api/branch-rule/main", organization = "contoso", repository = "api", pattern = "main", allowance = "push", login = "alice-dev", user_id = "7" }]
expect = { "github:repo/contoso/api/branch-rule/main/push/7" = "fail" }

[[case]]
name = "an exception for somebody else"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_branch_allowance = [{ id = "r", organization = "contoso", repository = "api", pattern = "alice-dev/*", allowance = "push", login = "bob", user_id = "8" }]
expect = "pass"

[[case]]
name = "the rules of a repository could not be read"
incomplete = ["github_branch_allowance"]
identity = [{ person = "p", kind = "github", name = "alice-dev" }]
expect = "unknown"
*/
