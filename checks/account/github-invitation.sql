/*
title    = "Invited to a GitHub organisation or repository"
proven   = "No invitation to a GitHub organisation or repository is open"
severity = "medium"
why      = "Whoever reads the mail can accept it, also after the account was removed."
fix      = "Cancel the invitation. Nobody has accepted it yet, so nothing breaks; it can be sent again."
action   = "cancel-github-invitation"
monotone = true
controls = { nist = ["PS-4", "AC-2"], iso27001 = ["A.5.18"], soc2 = ["CC6.2"], cis = ["6.2"], owasp-nhi = ["NHI1:2025"] }
*/
SELECT DISTINCT
       identity.person         AS person,
       invitation.id           AS subject,
       'fail'                  AS status,
       CASE WHEN invitation.role IN ('admin', 'owner') THEN 'high'
       END                     AS severity,
       printf('%s is invited to %s as %s', coalesce(invitation.login, invitation.mail),
              ifnull(invitation.organization || '/' || invitation.repository, invitation.organization),
              ifnull(invitation.role, 'an unknown role')) AS reason,
       invitation.created_at   AS seen_at,
       invitation.inviter      AS invited_by,
       'A'                     AS grade
FROM   github_invitation AS invitation
JOIN   identity
  ON   (identity.kind = 'github'
        AND same_account(identity.name, replace(identity.id, 'github:user/', ''), invitation.login, invitation.user_id))
  OR   (identity.kind IN ('upn', 'mail') AND identity.name = invitation.mail COLLATE NOCASE)
WHERE  invitation.state = 'pending';
/*
[[case]]
name = "by login, and by mail"
identity = [
  { person = "p", kind = "github", name = "alice-dev", id = "github:user/7" },
  { person = "p", kind = "mail", name = "alice@contoso.com" },
]
github_invitation = [
  { id = "github:repo/contoso/api/invitation/1", organization = "contoso", repository = "api", login = "alice-dev", user_id = "7", state = "pending" },
  { id = "github:org/contoso/invitation/2", organization = "contoso", mail = "Alice@contoso.com", role = "admin", state = "pending" },
]
expect = { "github:repo/contoso/api/invitation/1" = "fail", "github:org/contoso/invitation/2" = "fail" }

[[case]]
name = "an expired one, and somebody else's"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_invitation = [
  { id = "i1", organization = "contoso", login = "alice-dev", user_id = "7", state = "expired" },
  { id = "i2", organization = "contoso", mail = "alicia@contoso.com", state = "pending" },
]
expect = "pass"

[[case]]
name = "invitations could not be listed"
incomplete = ["github_invitation"]
identity = [{ person = "p", kind = "github", name = "alice-dev" }]
expect = "unknown"
*/
