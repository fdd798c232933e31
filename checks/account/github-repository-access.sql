/*
title    = "Direct access to a GitHub repository"
proven   = "The leaver has no direct access to a GitHub repository"
severity = "high"
why      = "A grant on one repository survives the removal from a team, and whoever can push to a repository can run code with its secrets."
fix      = "Find out first which jobs pull with the account's keys or tokens: they stop. Then remove the collaborator from the repository. This also cancels invitations that they sent, and takes them off its issues."
action   = "remove-github-collaborator"
monotone = true
controls = { nist = ["PS-4", "AC-2(3)", "AC-6"], iso27001 = ["A.5.15", "A.5.18"], soc2 = ["CC6.3"], cis = ["6.2"], owasp-nhi = ["NHI1:2025", "NHI5:2025"] }
*/
SELECT leaver.person           AS person,
       printf('github:repo/%s/%s/collaborator/%s', access.organization, access.repository,
              ifnull(access.user_id, access.login)) AS subject,
       'fail'                  AS status,
       CASE WHEN access.role = 'admin'             THEN 'critical'
            WHEN access.role IN ('read', 'triage') THEN 'medium'
       END                     AS severity,
       printf('%s has %s on %s/%s', ifnull(access.login, leaver.login), ifnull(access.role, 'an unknown role'),
              access.organization, access.repository) AS reason,
       'A'                     AS grade
FROM   github_leaver AS leaver
JOIN   github_access AS access ON same_account(leaver.login, leaver.user_id, access.login, access.user_id);
/*
[[case]]
name = "to read one repository, to administer another"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_access = [
  { organization = "contoso", repository = "api", login = "alice-dev", user_id = "7", role = "admin" },
  { organization = "contoso", repository = "web", login = "alice-dev", user_id = "7", role = "read" },
]
expect = { "github:repo/contoso/api/collaborator/7" = "fail", "github:repo/contoso/web/collaborator/7" = "fail" }

[[case]]
name = "somebody else has access"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_access = [{ organization = "contoso", repository = "api", login = "alicia", user_id = "9", role = "admin" }]
expect = "pass"

[[case]]
name = "the collaborators of a repository could not be listed"
incomplete = ["github_access"]
identity = [{ person = "p", kind = "github", name = "alice-dev" }]
expect = "unknown"
*/
