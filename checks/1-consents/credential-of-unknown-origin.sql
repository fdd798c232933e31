/*
title    = "A credential of an application that the leaver owns is too old for the log to say who added it"
proven   = "Of every credential of applications that the leaver owns, the log says who added it"
severity = "medium"
why      = "Entra forgets who added a secret after 30 days. An owner could have added it, and may know it."
fix      = "Ask its users whether the leaver knew it. If nobody can say, give them a new one first and remove this one then: whatever still signs in with it stops."
controls = { nist = ["IA-5", "AU-11"], iso27001 = ["A.5.17"], soc2 = ["CC6.1"], cis = ["5.5", "8.10"], owasp-nhi = ["NHI7:2025"] }

[params]
kept_days = 30   # how long Entra keeps audit events
*/
SELECT account.person                AS person,
       printf('entra:%s/%s/credential/%s', credential.object_kind, credential.object, credential.key_id) AS subject,
       CASE WHEN credential.ends_at <= :now THEN 'pass'
            WHEN days_between(credential.starts_at, :now) < :kept_days  THEN 'pass'
            WHEN days_between(credential.starts_at, :now) >= :kept_days THEN 'fail'
       END                           AS status,
       CASE WHEN credential.starts_at IS NULL THEN 'nobody can tell when it was added'
            ELSE printf('%s "%s" of %s, added %s; Entra keeps %d days of audit events', credential.kind,
                        ifnull(credential.name, credential.key_id), ifnull(credential.object_name, credential.object),
                        substr(credential.starts_at, 1, 10), :kept_days)
       END                           AS reason,
       credential.hint               AS begins_with,
       credential.ends_at            AS valid_until,
       'D'                           AS grade
FROM   ownership
JOIN   account    ON account.id = ownership.owner COLLATE NOCASE
JOIN   credential ON credential.object = ownership.object COLLATE NOCASE
WHERE  NOT EXISTS (SELECT 1
                   FROM   credential_event AS event
                   WHERE  event.change = 'added'
                     AND  event.object = credential.object COLLATE NOCASE
                     AND  event.key_id = credential.key_id COLLATE NOCASE);
/*
[[case]]
name = "young, expired, or with an event"
now = "2026-06-01T00:00:00Z"
account = [{ id = "u1", person = "p" }]
ownership = [{ object = "o1", object_kind = "application", owner = "u1" }]
credential = [
  { object = "o1", object_kind = "application", key_id = "young", kind = "secret", starts_at = 2026-05-20T00:00:00Z },
  { object = "o1", object_kind = "application", key_id = "expired", kind = "secret", starts_at = 2020-05-20T00:00:00Z, ends_at = 2021-01-01T00:00:00Z },
  { object = "o1", object_kind = "application", key_id = "known", kind = "secret", starts_at = 2020-05-20T00:00:00Z },
  { object = "o2", object_kind = "application", key_id = "not-owned", kind = "secret", starts_at = 2020-05-20T00:00:00Z },
]
credential_event = [{ event = "e1", person = "p", at = 2020-05-20T00:00:00Z, object = "o1", key_id = "known", change = "added" }]
expect = "pass"

[[case]]
name = "older than the log"
now = "2026-06-01T00:00:00Z"
account = [{ id = "u1", person = "p" }]
ownership = [{ object = "o1", object_kind = "application", owner = "u1" }]
credential = [{ object = "o1", object_kind = "application", key_id = "k1", kind = "certificate", starts_at = 2024-05-20T00:00:00Z }]
expect = { "entra:application/o1/credential/k1" = "fail" }

[[case]]
name = "without a start date"
account = [{ id = "u1", person = "p" }]
ownership = [{ object = "o1", object_kind = "application", owner = "u1" }]
credential = [{ object = "o1", object_kind = "application", key_id = "k1", kind = "secret" }]
expect = { "entra:application/o1/credential/k1" = "unknown" }

[[case]]
name = "credentials could not be read"
incomplete = ["credential"]
expect = "unknown"
*/
