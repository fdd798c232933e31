/*
title    = "Sessions of the leaver were not revoked after the last day"
proven   = "All sessions of the leaver were revoked after the last day"
severity = "high"
why      = "A refresh token issued before the last day goes on minting access tokens on any machine that kept it."
fix      = "Disable the account first, or the person signs in again. Then revoke its sign-in sessions: tools that are signed in as this person stop within the hour. Guests must be revoked in their home tenant."
action   = "revoke-sessions"
monotone = true
controls = { nist = ["PS-4", "AC-12"], iso27001 = ["A.5.18"], soc2 = ["CC6.2"], cis = ["6.2"], owasp-nhi = ["NHI1:2025"], owasp-mcp = ["MCP01:2025"] }
*/
SELECT account.person              AS person,
       'entra:user/' || account.id AS subject,
       CASE WHEN account.deleted_at IS NOT NULL                      THEN 'pass'
            WHEN account.sessions_valid_from_at >= last_day.ends_at  THEN 'pass'
            WHEN account.sessions_valid_from_at < last_day.ends_at   THEN 'fail'
       END                         AS status,
       CASE WHEN account.enabled = 0 THEN 'low' END AS severity,
       CASE WHEN last_day.ends_at IS NULL              THEN 'the last day is not known'
            WHEN account.sessions_valid_from_at IS NULL THEN 'signInSessionsValidFromDateTime could not be read'
            ELSE printf('tokens issued since %s are valid', account.sessions_valid_from_at)
       END                         AS reason,
       account.sessions_valid_from_at AS valid_from,
       last_day.ends_at            AS last_day_over,
       'A'                         AS grade
FROM   account
LEFT JOIN last_day ON last_day.person = account.person;
/*
[[case]]
name = "revoked after the last day"
account = [{ id = "u1", person = "p", sessions_valid_from_at = 2026-05-02T09:00:00Z }]
last_day = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-02T00:00:00Z }]
expect = "pass"

[[case]]
name = "never revoked since"
account = [{ id = "u1", person = "p", sessions_valid_from_at = 2025-01-01T00:00:00Z }]
last_day = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-02T00:00:00Z }]
expect = { "entra:user/u1" = "fail" }

[[case]]
name = "the last day is not known"
account = [{ id = "u1", person = "p", sessions_valid_from_at = 2025-01-01T00:00:00Z }]
incomplete = ["last_day"]
expect = { "entra:user/u1" = "unknown" }

[[case]]
name = "the property came back empty"
account = [{ id = "u1", person = "p" }]
last_day = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-02T00:00:00Z }]
expect = { "entra:user/u1" = "unknown" }
*/
