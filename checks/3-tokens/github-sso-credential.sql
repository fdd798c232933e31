/*
title    = "Single sign-on lets a classic token, SSH key or app token of the leaver into a GitHub organisation"
proven   = "Single sign-on lets no classic token, SSH key or app token of the leaver into a GitHub organisation"
severity = "high"
why      = "The authorisation was given once and is not asked again: the credential works without the identity provider."
fix      = "Find out first what pulls or pushes with these credentials: it stops. Then revoke the authorisations and end the membership: as long as it lasts, the account can authorise them anew."
action   = "revoke-github-sso-authorization"
monotone = true
controls = { nist = ["PS-4", "AC-2(3)", "IA-5"], iso27001 = ["A.5.17", "A.5.18"], soc2 = ["CC6.1"], cis = ["6.2"], owasp-nhi = ["NHI1:2025", "NHI7:2025", "NHI10:2025"] }
*/
SELECT leaver.person           AS person,
       let_in.id               AS subject,
       'fail'                  AS status,
       CASE WHEN has_scope(let_in.scopes, 'repo') OR let_in.scopes LIKE '%admin:%' THEN 'critical'
       END                     AS severity,
       printf('%s "%s" of %s is authorised for %s', let_in.kind, ifnull(let_in.name, 'without a name'),
              ifnull(let_in.login, leaver.login), let_in.organization) AS reason,
       'A'                     AS grade,
       ifnull(let_in.accessed_at, let_in.authorized_at) AS seen_at,
       let_in.scopes           AS scopes,
       let_in.fingerprint      AS fingerprint,
       let_in.accessed_at      AS last_used,
       let_in.expires_at       AS valid_until
FROM   github_leaver AS leaver
JOIN   github_sso_authorization AS let_in ON same_account(leaver.login, leaver.user_id, let_in.login, let_in.user_id)
WHERE  let_in.expires_at IS NULL OR let_in.expires_at > :now;
/*
[[case]]
name = "a classic token for everything, an SSH key"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_sso_authorization = [
  { id = "a1", organization = "contoso", login = "alice-dev", kind = "personal access token", scopes = "read:org repo" },
  { id = "a2", organization = "contoso", login = "Alice-Dev", kind = "SSH key", name = "laptop" },
]
expect = { "a1" = "fail", "a2" = "fail" }

[[case]]
name = "one that ended, and one of somebody else"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_sso_authorization = [
  { id = "a1", organization = "contoso", login = "alice-dev", kind = "personal access token", expires_at = 2026-05-31T00:00:00Z },
  { id = "a2", organization = "contoso", login = "alice-developer", kind = "SSH key" },
]
expect = "pass"

[[case]]
name = "without single sign-on nobody lists classic tokens"
incomplete = ["github_sso_authorization"]
identity = [{ person = "p", kind = "github", name = "alice-dev" }]
expect = "unknown"
*/
