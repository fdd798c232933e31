/*
title    = "Still a member of a GitHub organisation"
proven   = "The leaver is a member of no GitHub organisation"
severity = "high"
why      = "Membership is the root of every other access: tokens, SSH keys and sessions of the account keep working for as long as it lasts, whatever happened to the Entra account."
fix      = "Remove the member, or suspend the account at the identity provider if it is managed there. Teams and repository access go with it; deploy keys, webhooks, secrets, runners, installed apps and scheduled workflows stay and have checks of their own."
action   = "remove-github-member"
monotone = true
controls = { nist = ["PS-4", "AC-2(3)"], iso27001 = ["A.5.11", "A.5.18"], soc2 = ["CC6.2", "CC6.3"], cis = ["6.2"], owasp-nhi = ["NHI1:2025"] }
*/
SELECT leaver.person           AS person,
       printf('github:org/%s/member/%s', member.organization, ifnull(member.user_id, member.login)) AS subject,
       'fail'                  AS status,
       CASE WHEN member.role = 'admin'      THEN 'critical'
            WHEN member.state = 'pending'   THEN 'medium'
       END                     AS severity,
       printf('%s is %s of %s', ifnull(member.login, leaver.login),
              CASE WHEN member.state = 'pending' THEN printf('invited as %s', ifnull(member.role, 'a member'))
                   WHEN member.role = 'admin'    THEN 'an owner'
                   ELSE ifnull(member.role, 'a member')
              END, member.organization) AS reason,
       'A'                     AS grade,
       member.direct           AS direct
FROM   github_leaver AS leaver
JOIN   github_membership AS member ON same_account(leaver.login, leaver.user_id, member.login, member.user_id);
/*
[[case]]
name = "an owner, a member by number under another login, and somebody invited"
identity = [
  { person = "p", kind = "github", name = "alice-dev", id = "github:user/7" },
  { person = "q", kind = "github", name = "bob", id = "github:user/8" },
]
github_membership = [
  { organization = "contoso", login = "alice-dev", user_id = "7", role = "admin", state = "active" },
  { organization = "labs", login = "alice-renamed", user_id = "7", role = "member", state = "active" },
  { organization = "labs", login = "bob", user_id = "8", role = "member", state = "pending" },
]
expect = { "github:org/contoso/member/7" = "fail", "github:org/labs/member/7" = "fail", "github:org/labs/member/8" = "fail" }

[[case]]
name = "others with a similar login, and a new holder of the old one"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_membership = [
  { organization = "contoso", login = "alice-developer", user_id = "9", role = "admin", state = "active" },
  { organization = "contoso", login = "alice-dev", user_id = "10", role = "member", state = "active" },
]
expect = "pass"

[[case]]
name = "a person whose GitHub login is not known is never clean"
incomplete = ["identity"]
github_membership = [{ organization = "contoso", login = "someone", user_id = "9" }]
expect = "unknown"

[[case]]
name = "members could not be listed"
incomplete = ["github_membership"]
identity = [{ person = "p", kind = "github", name = "alice-dev" }]
expect = "unknown"
*/
