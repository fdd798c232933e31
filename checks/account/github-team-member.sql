/*
title    = "Still in a GitHub team"
proven   = "The leaver is in no GitHub team"
severity = "medium"
why      = "A team carries its repositories and its reviews: as long as the name is in it, reviews are asked of nobody and access comes back with the next invitation."
fix      = "See first that somebody else in the team answers its review requests. Then remove the membership, and with it the access that the team gives; where the team follows a group of the identity provider, remove the person from that group, or it comes back."
action   = "remove-github-team-member"
monotone = true
controls = { nist = ["PS-4", "AC-2(3)"], iso27001 = ["A.5.18"], soc2 = ["CC6.3"], cis = ["6.2"], owasp-nhi = ["NHI1:2025"] }
*/
SELECT leaver.person           AS person,
       printf('github:org/%s/team/%s/member/%s', member.organization, member.team, ifnull(member.user_id, member.login)) AS subject,
       'fail'                  AS status,
       CASE WHEN member.role = 'maintainer' THEN 'high'
       END                     AS severity,
       printf('%s is %s of %s', ifnull(member.login, leaver.login), ifnull(member.role, 'a member'),
              ifnull(member.team_name, member.team)) AS reason,
       'A'                     AS grade,
       member.inherited        AS inherited
FROM   github_leaver AS leaver
JOIN   github_team_membership AS member ON same_account(leaver.login, leaver.user_id, member.login, member.user_id);
/*
[[case]]
name = "a maintainer, and a member through another team"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_team_membership = [
  { organization = "contoso", team = "platform", login = "alice-dev", user_id = "7", role = "maintainer", inherited = false },
  { organization = "contoso", team = "all", login = "alice-dev", user_id = "7", role = "member", inherited = true },
]
expect = { "github:org/contoso/team/platform/member/7" = "fail", "github:org/contoso/team/all/member/7" = "fail" }

[[case]]
name = "a team that has the leaver's name and other members"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_team_membership = [{ organization = "contoso", team = "alice-dev", login = "bob", user_id = "8" }]
expect = "pass"

[[case]]
name = "the members of a team could not be listed"
incomplete = ["github_team_membership"]
identity = [{ person = "p", kind = "github", name = "alice-dev" }]
expect = "unknown"
*/
