/*
title    = "A runner can read a personal token, and nothing says whose it is"
proven   = "Of every personal token that a runner can read it is known whose it is"
severity = "high"
why      = "It dies with an account of a person, or should have. Until somebody says whose, nobody can tell whether that person has left."
fix      = "Scan again with --identify, or ask who set it. Give the job a token of a service or an app first; then revoke this one at its issuer: what still uses it stops."
controls = { nist = ["AC-2", "IA-4", "IA-5"], iso27001 = ["A.5.16", "A.5.17"], soc2 = ["CC6.1"], cis = ["5.1"], owasp-nhi = ["NHI1:2025", "NHI10:2025"], owasp-mcp = ["MCP01:2025"] }
*/
SELECT NULL                    AS person,
       sighting.id             AS subject,
       -- What only its name calls a secret may be a person's or a service's: nobody can tell.
       CASE WHEN sighting.holder = 'person' THEN 'fail'
       END                     AS status,
       printf('%s in %s', sighting.kind, ifnull(sighting.name, sighting.path)) AS reason,
       sighting.modified_at    AS seen_at,
       sighting.owner_id       AS account,
       sighting.file_owner     AS file_owner,
       sighting.runner         AS runner,
       sighting.fingerprint    AS fingerprint
FROM   sighting
WHERE  sighting.runner IS NOT NULL
AND    (sighting.holder = 'person'
        OR (sighting.holder = 'either' AND sighting.kind IN ('environment-secret', 'argument-secret', 'token-as-user-name')))
AND    (sighting.expires_at IS NULL OR sighting.expires_at > :now)
AND    sighting.confidence IN ('medium', 'high')
AND    (sighting.owner_kind IS NULL OR sighting.owner_kind IN ('aws-account', 'ssh-comment'))
AND    ifnull(sighting.issuer_says, 'not asked') IN ('not asked', 'valid', 'unavailable');
/*
[[case]]
name = "in the environment file of a runner"
now = "2026-06-01T00:00:00Z"
sighting = [{ id = "host:h/x:1", host = "h", path = "/x", place = "runner-env", kind = "github-pat", holder = "person", fingerprint = "f", confidence = "high", sign_in = false, uploaded = false, runner = "host:h/r" }]
expect = { "host:h/x:1" = "fail" }

[[case]]
name = "a variable that only its name calls a secret, and one that has expired"
now = "2026-06-01T00:00:00Z"
sighting = [
  { id = "host:h/x:1", host = "h", path = "/x", place = "runner-env", kind = "environment-secret", holder = "either", fingerprint = "f", confidence = "medium", sign_in = false, uploaded = false, runner = "host:h/r" },
  { id = "host:h/x:2", host = "h", path = "/x", place = "file", kind = "jwt", holder = "person", fingerprint = "g", confidence = "high", sign_in = false, uploaded = false, runner = "host:h/r", expires_at = "2020-01-01T00:00:00Z" },
]
expect = { "host:h/x:1" = "unknown" }

[[case]]
name = "its issuer was asked: one it does not accept, one about which nobody answered"
now = "2026-06-01T00:00:00Z"
sighting = [
  { id = "host:h/x:1", host = "h", path = "/x", place = "file", kind = "github-pat", holder = "person", fingerprint = "f", confidence = "high", sign_in = false, uploaded = false, runner = "host:h/r", issuer_says = "invalid" },
  { id = "host:h/x:2", host = "h", path = "/x", place = "file", kind = "github-pat", holder = "person", fingerprint = "g", confidence = "high", sign_in = false, uploaded = false, runner = "host:h/r", issuer_says = "unavailable" },
]
expect = { "host:h/x:1" = "pass", "host:h/x:2" = "fail" }

[[case]]
name = "a service's, one with a known owner, one whose checksum does not hold"
now = "2026-06-01T00:00:00Z"
sighting = [
  { id = "host:h/x:1", host = "h", path = "/x", place = "file", kind = "grafana-service", holder = "service", fingerprint = "f", confidence = "high", sign_in = false, uploaded = false, runner = "host:h/r" },
  { id = "host:h/x:2", host = "h", path = "/x", place = "file", kind = "github-pat", holder = "person", fingerprint = "g", confidence = "high", owner_kind = "github", owner_name = "bob", sign_in = false, uploaded = false, runner = "host:h/r" },
  { id = "host:h/x:3", host = "h", path = "/x", place = "file", kind = "github-pat", holder = "person", fingerprint = "i", confidence = "low", sign_in = false, uploaded = false, runner = "host:h/r" },
]
expect = "pass"

[[case]]
name = "a host that could not be read as a whole"
now = "2026-06-01T00:00:00Z"
incomplete = ["sighting"]
expect = "unknown"
*/
