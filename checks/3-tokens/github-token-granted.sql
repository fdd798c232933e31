/*
title    = "A fine-grained personal token of the leaver has access to a GitHub organisation"
proven   = "No fine-grained personal token of the leaver has access to a GitHub organisation"
severity = "high"
why      = "It works without anybody signing in, from any machine, until it expires or the membership ends."
fix      = "Find out first what uses the token: it stops at once. Then revoke the token's access (deny it where it only asks); SSH keys that were created through the token go on working and must be removed separately."
action   = "revoke-github-token-grant"
monotone = true
controls = { nist = ["PS-4", "AC-2(3)", "IA-5"], iso27001 = ["A.5.17", "A.5.18"], soc2 = ["CC6.1"], cis = ["6.2"], owasp-nhi = ["NHI1:2025", "NHI7:2025", "NHI10:2025"] }
*/
SELECT leaver.person           AS person,
       token.id                AS subject,
       'fail'                  AS status,
       CASE WHEN token.state = 'requested'                                          THEN 'medium'
            WHEN token.permissions LIKE '%:write%' OR token.permissions LIKE '%:admin%' THEN 'critical'
       END                     AS severity,
       printf('"%s" of %s %s %s repositories of %s: %s', ifnull(token.name, 'a token'), ifnull(token.login, leaver.login),
              iif(token.state = 'requested', 'asks for', 'may use'), ifnull(token.repositories, 'unknown'), token.organization,
              ifnull(token.permissions, 'permissions that are not shown')) AS reason,
       'A'                     AS grade,
       ifnull(token.last_used_at, token.created_at) AS seen_at,
       token.last_used_at      AS last_used,
       token.expires_at        AS valid_until
FROM   github_leaver AS leaver
JOIN   github_token_grant AS token ON same_account(leaver.login, leaver.user_id, token.login, token.user_id)
WHERE  ifnull(token.expired, 0) = 0
AND    (token.expires_at IS NULL OR token.expires_at > :now);
/*
[[case]]
name = "one that may write and never ends, and one that only asks"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_token_grant = [
  { id = "github:pat/contoso/1", organization = "contoso", state = "granted", name = "nightly", login = "alice-dev", user_id = "7", permissions = "contents:write" },
  { id = "github:pat-request/contoso/2", organization = "contoso", state = "requested", login = "alice-dev", user_id = "7" },
]
expect = { "github:pat/contoso/1" = "fail", "github:pat-request/contoso/2" = "fail" }

[[case]]
name = "an expired one, one that ended yesterday, one of somebody else"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_token_grant = [
  { id = "t1", organization = "contoso", state = "granted", login = "alice-dev", user_id = "7", expired = true },
  { id = "t2", organization = "contoso", state = "granted", login = "alice-dev", user_id = "7", expires_at = 2026-05-31T00:00:00Z },
  { id = "t3", organization = "contoso", state = "granted", name = "of alice-dev", login = "alicia", user_id = "9" },
]
expect = "pass"

[[case]]
name = "only an app may list personal tokens"
incomplete = ["github_token_grant"]
identity = [{ person = "p", kind = "github", name = "alice-dev" }]
expect = "unknown"
*/
