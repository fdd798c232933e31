/*
title    = "A tool on a scanned host is still signed in as the leaver"
proven   = "No tool on a scanned host is signed in as the leaver"
severity = "critical"
why      = "The tool renews its own tokens. Whatever runs as that account acts as the leaver without anybody signing in again: this is how the incident began."
fix      = "Take an image of the host as evidence before anything on it is deleted. Then revoke the sessions of the account at the issuer, delete the file, and sign the tool in with an identity of its own: its jobs fail until then."
monotone = true
controls = { nist = ["PS-4", "IA-5", "AC-2(3)", "AC-12"], iso27001 = ["A.5.17", "A.5.18"], soc2 = ["CC6.1"], cis = ["6.2"], owasp-nhi = ["NHI1:2025", "NHI10:2025"], owasp-mcp = ["MCP01:2025"] }
*/
SELECT owner.person            AS person,
       sighting.id             AS subject,
       'fail'                  AS status,
       printf('%s keeps a %s of %s', sighting.place, sighting.kind, ifnull(sighting.owner_name, sighting.owner_id)) AS reason,
       CASE WHEN sighting.runner IS NOT NULL THEN 'critical'
            WHEN sighting.runner IS NULL     THEN 'high'
       END                     AS severity,
       sighting.grade          AS grade,
       sighting.modified_at    AS seen_at,
       sighting.path           AS path,
       sighting.runner         AS runner,
       sighting.fingerprint    AS fingerprint,
       sighting.scope          AS scope,
       sighting.expires_at     AS valid_until
FROM   sighting_owner AS owner
JOIN   sighting ON sighting.id = owner.sighting
WHERE  sighting.sign_in = 1
AND    (sighting.expires_at IS NULL OR sighting.expires_at > :now)
AND    ifnull(sighting.issuer_says, 'not asked') IN ('not asked', 'valid', 'unavailable');
/*
[[case]]
name = "the Azure CLI on a runner, known by object id"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "entra", id = "oid-1", name = "Alice" }]
sighting = [{ id = "host:h/x:1", host = "h", path = "/x", place = "azure-cli", kind = "msal-refresh-token", holder = "person", fingerprint = "f", confidence = "medium", owner_kind = "entra", owner_id = "OID-1", grade = "C", sign_in = true, uploaded = false, runner = "host:h/r" }]
expect = { "host:h/x:1" = "fail" }

[[case]]
name = "a coding assistant, known by mail"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "mail", name = "alice@contoso.com" }]
sighting = [{ id = "host:h/x:1", host = "h", path = "/x", place = "claude-code", kind = "anthropic-oauth", holder = "person", fingerprint = "f", confidence = "medium", owner_kind = "mail", owner_name = "Alice@Contoso.com", grade = "C", sign_in = true, uploaded = false }]
expect = { "host:h/x:1" = "fail" }

[[case]]
name = "an access token that ended, and a sign-in of somebody else"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "mail", name = "alice@contoso.com" }]
sighting = [
  { id = "host:h/x:1", host = "h", path = "/x", place = "azure-cli", kind = "jwt", holder = "person", fingerprint = "f", confidence = "high", owner_kind = "mail", owner_name = "alice@contoso.com", sign_in = true, uploaded = false, expires_at = 2026-05-01T00:00:00Z },
  { id = "host:h/x:2", host = "h", path = "/x", place = "gh", kind = "github-oauth", holder = "person", fingerprint = "g", confidence = "high", owner_kind = "github", owner_name = "bob", sign_in = true, uploaded = false },
]
expect = "pass"

[[case]]
name = "a host that could not be read as a whole"
incomplete = ["sighting"]
identity = [{ person = "p", kind = "mail", name = "alice@contoso.com" }]
expect = "unknown"
*/
