/*
title    = "The account of the leaver can still sign in"
proven   = "The account of the leaver cannot sign in"
severity = "high"
why      = "Every other clean-up can be undone from a live account: it can consent again, create secrets again, sign in again."
fix      = "Place legal holds and hand over the mailbox first where that is due. Then disable the account in Entra, or on premises where it is synchronised from there, before anything else: whatever runs as this person stops, and so do scheduled workflows of a managed GitHub account."
action   = "disable-account"
monotone = true
controls = { nist = ["PS-4", "AC-2(3)"], iso27001 = ["A.5.18", "A.6.5"], soc2 = ["CC6.2"], cis = ["6.2"] }
*/
SELECT account.person                  AS person,
       'entra:user/' || account.id     AS subject,
       CASE WHEN account.deleted_at IS NOT NULL THEN 'pass'
            WHEN account.enabled = 0            THEN 'pass'
            WHEN account.enabled = 1            THEN 'fail'
       END                             AS status,
       CASE WHEN account.enabled IS NULL THEN 'accountEnabled could not be read'
            WHEN account.synced = 1      THEN 'enabled, and mastered on premises: disable it there'
            ELSE 'the account is enabled'
       END                             AS reason,
       'A'                             AS grade
FROM   account;
/*
[[case]]
name = "disabled"
account = [{ id = "u1", person = "p", enabled = false }]
expect = "pass"

[[case]]
name = "in the recycle bin, whatever its flag says"
account = [{ id = "u1", person = "p", enabled = true, deleted_at = 2026-05-02T00:00:00Z }]
expect = "pass"

[[case]]
name = "enabled"
account = [{ id = "u1", person = "p", enabled = true }]
expect = { "entra:user/u1" = "fail" }

[[case]]
name = "the flag is not readable"
account = [{ id = "u1", person = "p" }]
expect = { "entra:user/u1" = "unknown" }

[[case]]
name = "the account could not be read"
incomplete = ["account"]
expect = "unknown"
*/
