/*
title    = "A runner can read a personal token of somebody who is no member any more"
proven   = "No runner can read a personal token of somebody who is no member any more"
severity = "high"
why      = "Nobody revoked it when its owner left, or it belongs to somebody who was never here: jobs act as a person whom nobody answers for."
fix      = "Take an image of the host as evidence and give the job a token of its own first. Then revoke the token at its issuer and take it out of the file: what still uses it stops."
monotone = true
controls = { nist = ["PS-4", "AC-2(3)", "IA-5"], iso27001 = ["A.5.17", "A.5.18"], soc2 = ["CC6.2"], cis = ["5.1", "6.2"], owasp-nhi = ["NHI1:2025", "NHI10:2025"], owasp-mcp = ["MCP01:2025"] }
*/
SELECT NULL                    AS person,
       sighting.id             AS subject,
       CASE WHEN owner.state = 'active'                            THEN 'pass'
            WHEN owner.state IN ('disabled', 'deleted', 'absent')  THEN 'fail'
       END                     AS status,
       printf('%s in %s of %s: %s', sighting.kind, ifnull(sighting.name, sighting.path),
              coalesce(sighting.owner_name, sighting.owner_id),
              ifnull(owner.state, 'nobody says whether that account of ' || sighting.owner_kind || ' is a member''s'))
                               AS reason,
       sighting.grade          AS grade,
       sighting.modified_at    AS seen_at,
       owner.account           AS account,
       sighting.owner_source   AS known_from,
       sighting.runner         AS runner,
       sighting.fingerprint    AS fingerprint
FROM   sighting
LEFT JOIN token_owner AS owner
  ON   owner.kind = sighting.owner_kind
  AND  owner.id IS sighting.owner_id
  AND  owner.name IS sighting.owner_name
WHERE  sighting.runner IS NOT NULL
AND    sighting.holder IN ('person', 'either')
AND    sighting.confidence IN ('medium', 'high')
AND    sighting.owner_kind IS NOT NULL
AND    sighting.owner_kind NOT IN ('aws-account', 'ssh-comment', 'application')
AND    (sighting.expires_at IS NULL OR sighting.expires_at > :now)
AND    ifnull(sighting.issuer_says, 'not asked') IN ('not asked', 'valid', 'unavailable')
AND    sighting.id NOT IN (SELECT leaver.sighting FROM sighting_owner AS leaver);
/*
[[case]]
name = "owners who are disabled, deleted, or unknown to the tenant"
now = "2026-06-01T00:00:00Z"
token_owner = [
  { kind = "mail", name = "bob@contoso.com", account = "b", state = "disabled" },
  { kind = "entra", id = "c", name = "carol@contoso.com", account = "c", state = "deleted" },
  { kind = "mail", name = "dan@elsewhere.example", state = "absent" },
]
sighting = [
  { id = "host:h/x:1", host = "h", path = "/x", place = "git", kind = "gitlab-pat", holder = "person", fingerprint = "f", confidence = "medium", owner_kind = "mail", owner_name = "bob@contoso.com", sign_in = false, uploaded = false, runner = "host:h/r" },
  { id = "host:h/x:2", host = "h", path = "/x", place = "azure-cli", kind = "msal-refresh-token", holder = "person", fingerprint = "g", confidence = "medium", owner_kind = "entra", owner_id = "c", owner_name = "carol@contoso.com", sign_in = true, uploaded = false, runner = "host:h/r" },
  { id = "host:h/x:3", host = "h", path = "/x", place = "git", kind = "gitlab-pat", holder = "person", fingerprint = "i", confidence = "medium", owner_kind = "mail", owner_name = "dan@elsewhere.example", sign_in = false, uploaded = false, runner = "host:h/r" },
]
expect = { "host:h/x:1" = "fail", "host:h/x:2" = "fail", "host:h/x:3" = "fail" }

[[case]]
name = "a member's, the leaver's own, one that ended, one that no runner can read"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "upn", name = "alice@contoso.com" }]
token_owner = [
  { kind = "mail", name = "bob@contoso.com", account = "b", state = "active" },
  { kind = "mail", name = "alice@contoso.com", account = "a", state = "disabled" },
]
sighting = [
  { id = "host:h/x:1", host = "h", path = "/x", place = "git", kind = "gitlab-pat", holder = "person", fingerprint = "f", confidence = "medium", owner_kind = "mail", owner_name = "bob@contoso.com", sign_in = false, uploaded = false, runner = "host:h/r" },
  { id = "host:h/x:2", host = "h", path = "/x", place = "git", kind = "gitlab-pat", holder = "person", fingerprint = "g", confidence = "medium", owner_kind = "mail", owner_name = "alice@contoso.com", sign_in = false, uploaded = false, runner = "host:h/r" },
  { id = "host:h/x:3", host = "h", path = "/x", place = "file", kind = "jwt", holder = "person", fingerprint = "i", confidence = "high", owner_kind = "mail", owner_name = "eve@contoso.com", sign_in = false, uploaded = false, runner = "host:h/r", expires_at = 2026-05-01T00:00:00Z },
  { id = "host:h/x:4", host = "h", path = "/x", place = "file", kind = "jwt", holder = "person", fingerprint = "j", confidence = "high", owner_kind = "mail", owner_name = "eve@contoso.com", sign_in = false, uploaded = false },
]
expect = { "host:h/x:1" = "pass", "host:h/x:2" = "pass", "host:h/x:3" = "pass", "host:h/x:4" = "pass" }

[[case]]
name = "an owner on a system that nobody asked is neither a member nor an outsider"
now = "2026-06-01T00:00:00Z"
token_owner = [{ kind = "github", name = "bob-dev" }]
sighting = [
  { id = "host:h/x:1", host = "h", path = "/x", place = "gh", kind = "github-oauth", holder = "person", fingerprint = "f", confidence = "high", owner_kind = "github", owner_name = "bob-dev", sign_in = true, uploaded = false, runner = "host:h/r" },
]
expect = { "host:h/x:1" = "unknown" }

[[case]]
name = "accounts of GitHub: a member's, and one that is in none of the organisations"
now = "2026-06-01T00:00:00Z"
token_owner = [
  { kind = "github", name = "bob-dev", state = "active" },
  { kind = "github", name = "contractor", state = "absent" },
]
sighting = [
  { id = "host:h/x:1", host = "h", path = "/x", place = "gh", kind = "github-oauth", holder = "person", fingerprint = "f", confidence = "high", owner_kind = "github", owner_name = "bob-dev", sign_in = true, uploaded = false, runner = "host:h/r" },
  { id = "host:h/x:2", host = "h", path = "/x", place = "gh", kind = "github-oauth", holder = "person", fingerprint = "g", confidence = "high", owner_kind = "github", owner_name = "contractor", sign_in = true, uploaded = false, runner = "host:h/r" },
]
expect = { "host:h/x:1" = "pass", "host:h/x:2" = "fail" }

[[case]]
name = "owners could not be asked for"
incomplete = ["token_owner"]
expect = "unknown"

[[case]]
name = "a host that could not be read as a whole"
incomplete = ["sighting"]
expect = "unknown"
*/
