/*
title    = "An Azure DevOps token outlived the account that it belongs to"
proven   = "No Azure DevOps token outlived the account that it belongs to"
severity = "critical"
why      = "Closing the Entra account ends tokens within an hour only where the organisation is backed by the same directory. One that is still shown as valid after the account is gone may still sign in."
fix      = "Ask first which jobs still run with it: they stop. Revoke it, then look why it was not ended: an organisation that is backed by another directory, or an account that is not joined with Entra."
action   = "revoke-devops-token"
monotone = true
applies  = "devops_organization"
controls = { nist = ["PS-4", "IA-5", "AC-2(3)"], iso27001 = ["A.5.17", "A.5.18"], soc2 = ["CC6.1"], cis = ["6.2"], owasp-nhi = ["NHI1:2025", "NHI2:2025"] }
*/
SELECT token.person             AS person,
       token.id                 AS subject,
       'fail'                   AS status,
       printf('the account is %s, and %s%s of %s is shown as valid%s',
              iif(account.deleted_at IS NOT NULL, 'deleted', 'disabled'),
              CASE token.kind WHEN 'pat' THEN 'a personal access token' WHEN 'ssh-key' THEN 'an SSH key' END,
              ifnull(' called ' || token.name, ''), token.organization,
              ifnull(' until ' || token.valid_to_at, '')) AS reason,
       'A'                      AS grade,
       token.scopes             AS scopes,
       account.deleted_at       AS seen_at
FROM   devops_token AS token
JOIN   account ON account.person = token.person
LEFT JOIN devops_user ON devops_user.person = token.person AND devops_user.organization = token.organization
WHERE  token.valid = 1
AND    (token.valid_to_at IS NULL OR token.valid_to_at > :now)
AND    (account.enabled = 0 OR account.deleted_at IS NOT NULL);
/*
[[case]]
name = "disabled, and deleted"
now = "2026-06-01T00:00:00Z"
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
account = [{ id = "u1", person = "p", enabled = 0 }, { id = "u2", person = "q", enabled = 1, deleted_at = 2026-05-02T00:00:00Z }]
devops_token = [
  { id = "t1", person = "p", organization = "contoso", kind = "pat", valid = 1, valid_to_at = 2026-09-01T00:00:00Z },
  { id = "t2", person = "q", organization = "contoso", kind = "ssh-key", valid = 1 },
]
expect = { "t1" = "fail", "t2" = "fail" }

[[case]]
name = "the account is open, which another check says; the token ended with the account"
now = "2026-06-01T00:00:00Z"
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
account = [{ id = "u1", person = "p", enabled = 1 }, { id = "u2", person = "q", enabled = 0 }]
devops_token = [
  { id = "t1", person = "p", organization = "contoso", kind = "pat", valid = 1 },
  { id = "t2", person = "q", organization = "contoso", kind = "pat", valid = 0 },
]
expect = "pass"

[[case]]
name = "the tokens were not shown"
now = "2026-06-01T00:00:00Z"
incomplete = ["devops_token"]
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
expect = "unknown"

[[case]]
name = "the account was not shown"
now = "2026-06-01T00:00:00Z"
incomplete = ["account"]
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
expect = "unknown"
*/
