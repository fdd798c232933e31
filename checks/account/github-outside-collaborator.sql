/*
title    = "Outside collaborator of a GitHub organisation"
proven   = "The leaver is an outside collaborator of no GitHub organisation"
severity = "high"
why      = "Whoever is made a collaborator when the membership ends keeps repositories without being on any list of members."
fix      = "Remove the outside collaborator from the organisation: this ends the access to all its repositories. Jobs that pull with the account's keys or tokens stop."
action   = "remove-github-outside-collaborator"
monotone = true
controls = { nist = ["PS-4", "AC-2(3)"], iso27001 = ["A.5.18"], soc2 = ["CC6.2", "CC6.3"], cis = ["6.2"], owasp-nhi = ["NHI1:2025"] }
*/
SELECT leaver.person           AS person,
       printf('github:org/%s/outside-collaborator/%s', outsider.organization, ifnull(outsider.user_id, outsider.login)) AS subject,
       'fail'                  AS status,
       printf('%s is an outside collaborator of %s', ifnull(outsider.login, leaver.login), outsider.organization) AS reason,
       'A'                     AS grade
FROM   github_leaver AS leaver
JOIN   github_outside_collaborator AS outsider
  ON   same_account(leaver.login, leaver.user_id, outsider.login, outsider.user_id);
/*
[[case]]
name = "the leaver, in another case and without a number"
identity = [{ person = "p", kind = "github", name = "alice-dev" }]
github_outside_collaborator = [{ organization = "contoso", login = "Alice-Dev", user_id = "7" }]
expect = { "github:org/contoso/outside-collaborator/7" = "fail" }

[[case]]
name = "somebody else"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_outside_collaborator = [{ organization = "contoso", login = "alice-developer", user_id = "9" }]
expect = "pass"

[[case]]
name = "outside collaborators could not be listed"
incomplete = ["github_outside_collaborator"]
identity = [{ person = "p", kind = "github", name = "alice-dev" }]
expect = "unknown"
*/
