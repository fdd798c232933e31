/*
title    = "The deleted account of the leaver can be restored with everything it had"
proven   = "No deleted account of the leaver can be restored"
severity = "low"
why      = "For 30 days a deleted account lies in the recycle bin; restoring it brings back its groups, roles, consents and app assignments."
fix      = "See first that no legal hold or investigation needs the mailbox and files. Then delete it for good, which cannot be undone, or remove its grants and roles, or wait until the 30 days are over."
monotone = true
controls = { nist = ["PS-4", "AC-2"], iso27001 = ["A.5.18"], soc2 = ["CC6.2"], cis = ["5.3", "6.2"] }

[params]
kept_days = 30   # how long Entra keeps a deleted account
*/
SELECT account.person              AS person,
       'entra:user/' || account.id AS subject,
       CASE WHEN account.deleted_at IS NULL                                 THEN 'pass'
            WHEN days_between(account.deleted_at, :now) >= :kept_days       THEN 'pass'
            WHEN days_between(account.deleted_at, :now) < :kept_days        THEN 'fail'
       END                         AS status,
       printf('deleted on %s, restorable for %d days', substr(account.deleted_at, 1, 10), :kept_days) AS reason,
       account.deleted_at          AS seen_at,
       'A'                         AS grade
FROM   account;
/*
[[case]]
name = "not deleted"
account = [{ id = "u1", person = "p", enabled = true }]
expect = "pass"

[[case]]
name = "deleted long ago"
now = "2026-06-01T00:00:00Z"
account = [{ id = "u1", person = "p", deleted_at = 2026-04-01T00:00:00Z }]
expect = "pass"

[[case]]
name = "deleted last week"
now = "2026-06-01T00:00:00Z"
account = [{ id = "u1", person = "p", deleted_at = 2026-05-25T00:00:00Z }]
expect = { "entra:user/u1" = "fail" }

[[case]]
name = "the account could not be read"
incomplete = ["account"]
expect = "unknown"
*/
