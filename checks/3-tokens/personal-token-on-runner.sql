/*
title    = "A runner can read a personal token of the leaver"
proven   = "No runner can read a personal token of the leaver"
severity = "critical"
why      = "Every job on that runner can act as the leaver, and does so until the token is revoked where it was issued."
fix      = "Take an image of the host as evidence and give the job a token of its own first. Then revoke the token at its issuer and take it out of the file: what still uses it stops."
monotone = true
controls = { nist = ["PS-4", "IA-5", "AC-2(3)"], iso27001 = ["A.5.17", "A.5.18"], soc2 = ["CC6.1"], cis = ["6.2"], owasp-nhi = ["NHI1:2025", "NHI10:2025"], owasp-mcp = ["MCP01:2025"] }
*/
SELECT owner.person            AS person,
       sighting.id             AS subject,
       'fail'                  AS status,
       printf('%s in %s', sighting.kind, ifnull(sighting.name, sighting.path)) AS reason,
       sighting.grade          AS grade,
       sighting.modified_at    AS seen_at,
       sighting.owner_source   AS known_from,
       sighting.runner         AS runner,
       sighting.fingerprint    AS fingerprint,
       sighting.scope          AS scope,
       sighting.expires_at     AS valid_until
FROM   sighting_owner AS owner
JOIN   sighting ON sighting.id = owner.sighting
WHERE  sighting.runner IS NOT NULL
AND    sighting.sign_in = 0
AND    sighting.holder IN ('person', 'either')
AND    sighting.confidence IN ('medium', 'high')
AND    (sighting.expires_at IS NULL OR sighting.expires_at > :now)
AND    ifnull(sighting.issuer_says, 'not asked') IN ('not asked', 'valid', 'unavailable');
/*
[[case]]
name = "named by the URL that it stands in"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "github", name = "alice-dev" }]
sighting = [{ id = "host:h/x:1", host = "h", path = "/x", place = "git", kind = "github-pat", holder = "person", fingerprint = "f", confidence = "high", owner_kind = "github", owner_name = "Alice-Dev", grade = "D", sign_in = false, uploaded = false, runner = "host:h/r" }]
expect = { "host:h/x:1" = "fail" }

[[case]]
name = "a bare user name, and a key's comment"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "upn", name = "alice@contoso.com" }]
sighting = [
  { id = "host:h/x:1", host = "h", path = "/x", place = "netrc", kind = "gitlab-pat", holder = "person", fingerprint = "f", confidence = "medium", owner_kind = "login", owner_name = "alice", sign_in = false, uploaded = false, runner = "host:h/r" },
  { id = "host:h/x:2", host = "h", path = "/x", place = "file", kind = "private-key", holder = "either", fingerprint = "g", confidence = "high", owner_kind = "ssh-comment", owner_name = "alice@laptop", sign_in = false, uploaded = false, runner = "host:h/r" },
]
expect = { "host:h/x:1" = "fail", "host:h/x:2" = "fail" }

[[case]]
name = "somebody else's, a namesake in another domain, one that ended, and one that no runner can read"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "upn", name = "alice@contoso.com" }]
sighting = [
  { id = "host:h/x:1", host = "h", path = "/x", place = "git", kind = "github-pat", holder = "person", fingerprint = "f", confidence = "high", owner_kind = "github", owner_name = "bob", sign_in = false, uploaded = false, runner = "host:h/r" },
  { id = "host:h/x:2", host = "h", path = "/x", place = "file", kind = "jwt", holder = "person", fingerprint = "g", confidence = "high", owner_kind = "mail", owner_name = "alice@fabrikam.com", sign_in = false, uploaded = false, runner = "host:h/r" },
  { id = "host:h/x:3", host = "h", path = "/x", place = "file", kind = "jwt", holder = "person", fingerprint = "i", confidence = "high", owner_kind = "mail", owner_name = "alice@contoso.com", sign_in = false, uploaded = false, runner = "host:h/r", expires_at = 2026-05-01T00:00:00Z },
  { id = "host:h/x:4", host = "h", path = "/x", place = "file", kind = "jwt", holder = "person", fingerprint = "j", confidence = "high", owner_kind = "mail", owner_name = "alice@contoso.com", sign_in = false, uploaded = false },
]
expect = "pass"

[[case]]
name = "a host that could not be read as a whole"
incomplete = ["sighting"]
identity = [{ person = "p", kind = "github", name = "alice-dev" }]
expect = "unknown"

[[case]]
name = "a person whose accounts are not known"
incomplete = ["identity"]
expect = "unknown"
*/
