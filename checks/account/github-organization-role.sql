/*
title    = "Holds a role in a GitHub organisation"
proven   = "The leaver holds no role in a GitHub organisation"
severity = "high"
why      = "Such a role reads or manages every repository of the organisation, also those to which nobody added the person."
fix      = "Name who takes over what only this person administers. Then take the role away, or remove the person from the team that holds it: other rights of the team go too."
action   = "remove-github-organization-role"
monotone = true
controls = { nist = ["PS-4", "AC-2(3)", "AC-6"], iso27001 = ["A.5.18", "A.8.2"], soc2 = ["CC6.3"], cis = ["6.2", "5.4"], owasp-nhi = ["NHI1:2025", "NHI5:2025"] }
*/
SELECT leaver.person           AS person,
       printf('github:org/%s/role/%s/user/%s', held.organization, held.role_id, ifnull(held.user_id, held.login)) AS subject,
       'fail'                  AS status,
       printf('%s holds %s in %s', ifnull(held.login, leaver.login), ifnull(held.role, held.role_id), held.organization) AS reason,
       'A'                     AS grade,
       held.assignment         AS assignment
FROM   github_leaver AS leaver
JOIN   github_role AS held ON same_account(leaver.login, leaver.user_id, held.login, held.user_id);
/*
[[case]]
name = "held through a team"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_role = [{ organization = "contoso", role_id = "8132", role = "security_manager", login = "alice-dev", user_id = "7", assignment = "indirect" }]
expect = { "github:org/contoso/role/8132/user/7" = "fail" }

[[case]]
name = "held by somebody else"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_role = [{ organization = "contoso", role_id = "8132", login = "bob", user_id = "8" }]
expect = "pass"

[[case]]
name = "roles could not be listed"
incomplete = ["github_role"]
identity = [{ person = "p", kind = "github", name = "alice-dev" }]
expect = "unknown"
*/
