/*
title    = "A CODEOWNERS file names the leaver"
proven   = "No CODEOWNERS file names the leaver"
severity = "low"
why      = "Where a review by code owners is required, changes wait for somebody who is gone, or are let through without the review. If the login is registered anew, its holder owns the code as soon as they get access."
fix      = "Name a team first, or a successor: a pattern that names nobody lets changes through without a review. It is a commit in the repository."
monotone = true
controls = { nist = ["AC-2", "AC-5", "CM-3"], iso27001 = ["A.5.3", "A.8.32"], soc2 = ["CC8.1"], cis = ["6.2"] }
*/
SELECT DISTINCT
       identity.person         AS person,
       owner.id                AS subject,
       'fail'                  AS status,
       printf('%s of %s/%s names %s for %s', owner.path, owner.organization, owner.repository,
              ifnull(owner.login, owner.mail), ifnull(owner.pattern, 'everything')) AS reason,
       'D'                     AS grade,
       owner.path              AS path,
       owner.line              AS line,
       owner.text              AS text,
       ifnull(owner.login, owner.mail) AS names
FROM   github_code_owner AS owner
JOIN   identity
  ON   (identity.kind = 'github' AND identity.name = owner.login COLLATE NOCASE)
  OR   (identity.kind IN ('upn', 'mail') AND identity.name = owner.mail COLLATE NOCASE);
/*
[[case]]
name = "by login and by mail"
identity = [
  { person = "p", kind = "github", name = "alice-dev", id = "github:user/7" },
  { person = "p", kind = "upn", name = "alice@contoso.com" },
]
github_code_owner = [
  { id = "github:repo/contoso/api/file/CODEOWNERS:1", organization = "contoso", repository = "api", path = "CODEOWNERS", line = 1, pattern = "*", login = "Alice-Dev" },
  { id = "github:repo/contoso/api/file/CODEOWNERS:2", organization = "contoso", repository = "api", path = "CODEOWNERS", line = 2, pattern = "/x", mail = "alice@contoso.com" },
]
expect = { "github:repo/contoso/api/file/CODEOWNERS:1" = "fail", "github:repo/contoso/api/file/CODEOWNERS:2" = "fail" }

[[case]]
name = "a longer login"
identity = [{ person = "p", kind = "github", name = "alice-dev" }]
github_code_owner = [{ id = "c1", organization = "contoso", repository = "api", path = "CODEOWNERS", line = 1, login = "alice-developer" }]
expect = "pass"

[[case]]
name = "a file could not be read"
incomplete = ["github_code_owner"]
identity = [{ person = "p", kind = "github", name = "alice-dev" }]
expect = "unknown"
*/
