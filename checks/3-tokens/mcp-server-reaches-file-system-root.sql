/*
title    = "An MCP server on a runner serves a root of the file system"
proven   = "No MCP server on a scanned runner serves a root of the file system"
severity = "critical"
why      = "Through it a job reads every file that the account may read: in the incident, 847 files in 34 directories at 2 AM."
fix      = "Take an image of the host as evidence first. Then serve the one folder that is needed, read-only, or remove the server from the runner: jobs that read anything else through it fail."
monotone = true
controls = { nist = ["AC-6", "CM-7"], iso27001 = ["A.8.3"], soc2 = ["CC6.1", "CC6.3"], cis = ["3.3"], owasp-nhi = ["NHI5:2025"], owasp-mcp = ["MCP02:2025", "MCP10:2025"] }
*/
SELECT NULL                    AS person,
       mcp_server.id           AS subject,
       'fail'                  AS status,
       printf('the server %s of %s serves %s', mcp_server.name, mcp_server.client, mcp_server.reaches) AS reason,
       mcp_server.path         AS path,
       mcp_server.file_owner   AS file_owner,
       mcp_server.runner       AS runner
FROM   mcp_server
WHERE  mcp_server.reaches IS NOT NULL
AND    mcp_server.runner IS NOT NULL;
/*
[[case]]
name = "the whole file system"
mcp_server = [{ id = "host:h/m#files", host = "h", path = "/m", client = "cursor", name = "files", transport = "stdio", literals = 0, reaches = "/", runner = "host:h/r" }]
expect = { "host:h/m#files" = "fail" }

[[case]]
name = "no root"
mcp_server = [{ id = "host:h/m#files", host = "h", path = "/m", client = "cursor", name = "files", transport = "stdio", literals = 0, runner = "host:h/r" }]
expect = "pass"

[[case]]
name = "a host that could not be read as a whole"
incomplete = ["mcp_server"]
expect = "unknown"
*/
