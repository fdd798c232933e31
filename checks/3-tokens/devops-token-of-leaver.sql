/*
title    = "An Azure DevOps token or SSH key of the leaver is valid"
proven   = "No Azure DevOps token or SSH key of the leaver is valid"
severity = "high"
why      = "It signs in to Azure DevOps without a password and without a second factor, from anywhere, until it is revoked or runs out. Nobody is told when it was last used."
fix      = "Revoke it: an administrator of the organisation does so with the id of its authorisation. It takes up to an hour to be in effect. Ask first which jobs still run with it."
action   = "revoke-devops-token"
monotone = true
applies  = "devops_organization"
controls = { nist = ["PS-4", "IA-5", "AC-2(3)"], iso27001 = ["A.5.17", "A.5.18"], soc2 = ["CC6.1"], cis = ["6.2"], owasp-nhi = ["NHI1:2025", "NHI2:2025"] }
*/
SELECT token.person             AS person,
       token.id                 AS subject,
       'fail'                   AS status,
       CASE WHEN token.scopes = 'app_token' THEN 'critical'
       END                      AS severity,
       printf('%s%s of %s in %s%s', CASE token.kind WHEN 'pat' THEN 'a personal access token' WHEN 'ssh-key' THEN 'an SSH key' END,
              ifnull(' called ' || token.name, ''), ifnull(account.name, 'the leaver'), token.organization,
              ifnull(', valid until ' || token.valid_to_at, ', without an end')) AS reason,
       'A'                      AS grade,
       iif(token.scopes = 'app_token', 'everything that the person may do', token.scopes) AS scopes,
       token.valid_from_at      AS created_at,
       token.valid_to_at        AS valid_until
FROM   devops_token AS token
LEFT JOIN devops_user AS account ON account.person = token.person AND account.organization = token.organization
WHERE  token.valid = 1
AND    (token.valid_to_at IS NULL OR token.valid_to_at > :now);
/*
[[case]]
name = "a token, one with all rights, a key without an end"
now = "2026-06-01T00:00:00Z"
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
devops_token = [
  { id = "t1", person = "p", organization = "contoso", kind = "pat", scopes = "vso.code", valid = 1, valid_to_at = 2026-09-01T00:00:00Z },
  { id = "t2", person = "p", organization = "contoso", kind = "pat", scopes = "app_token", valid = 1, valid_to_at = 2026-09-01T00:00:00Z },
  { id = "t3", person = "p", organization = "contoso", kind = "ssh-key", valid = 1 },
]
expect = { "t1" = "fail", "t2" = "fail", "t3" = "fail" }

[[case]]
name = "one that ran out, one that was revoked"
now = "2026-06-01T00:00:00Z"
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
devops_token = [
  { id = "t1", person = "p", organization = "contoso", kind = "pat", valid = 1, valid_to_at = 2026-05-01T00:00:00Z },
  { id = "t2", person = "p", organization = "contoso", kind = "pat", valid = 0, valid_to_at = 2026-09-01T00:00:00Z },
]
expect = "pass"

[[case]]
name = "no organisation of Azure DevOps"
expect = "pass"

[[case]]
name = "the tokens were not shown"
now = "2026-06-01T00:00:00Z"
incomplete = ["devops_token"]
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
expect = "unknown"

[[case]]
name = "the accounts could not be listed"
now = "2026-06-01T00:00:00Z"
incomplete = ["devops_user"]
devops_organization = [{ id = "o", name = "contoso" }]
expect = "unknown"
*/
