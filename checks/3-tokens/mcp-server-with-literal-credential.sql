/*
title    = "An MCP server on a runner is configured with a credential in the file itself"
proven   = "No MCP server on a scanned runner is configured with a credential in the file itself"
severity = "high"
why      = "Every job on the runner can read the file, and the server acts with that credential for whoever calls it."
fix      = "Let the client take a new credential from a variable or a vault first. Then revoke the one in the file at its issuer: clients that still have it stop."
monotone = true
controls = { nist = ["IA-5", "CM-6"], iso27001 = ["A.5.17"], soc2 = ["CC6.1"], cis = ["5.5"], owasp-nhi = ["NHI2:2025"], owasp-mcp = ["MCP01:2025"] }
*/
SELECT NULL                    AS person,
       mcp_server.id           AS subject,
       'fail'                  AS status,
       printf('%d literal credentials for the server %s of %s', mcp_server.literals, mcp_server.name, mcp_server.client) AS reason,
       mcp_server.path         AS path,
       mcp_server.file_owner   AS file_owner,
       mcp_server.runner       AS runner
FROM   mcp_server
WHERE  mcp_server.literals > 0
AND    mcp_server.runner IS NOT NULL;
/*
[[case]]
name = "a literal in the environment of a server"
mcp_server = [{ id = "host:h/m#github", host = "h", path = "/m", client = "cursor", name = "github", transport = "stdio", literals = 1, runner = "host:h/r" }]
expect = { "host:h/m#github" = "fail" }

[[case]]
name = "references only, and a literal where no runner can read it"
mcp_server = [
  { id = "host:h/m#a", host = "h", path = "/m", client = "cursor", name = "a", transport = "http", literals = 0, runner = "host:h/r" },
  { id = "host:h/m#b", host = "h", path = "/m", client = "cursor", name = "b", transport = "http", literals = 1 },
]
expect = "pass"

[[case]]
name = "a host that could not be read as a whole"
incomplete = ["mcp_server"]
expect = "unknown"
*/
