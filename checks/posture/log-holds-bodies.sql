/*
title    = "The gateway writes the bodies of requests to its log"
proven   = "The gateway writes no bodies of requests to its log"
severity = "medium"
why      = "Bodies of tool calls hold file contents and secrets; in the log many more people can read them, for as long as it is kept."
fix      = "Write down the tool and the resource, not the body."
item     = "hardening/12"
monotone = true
controls = { nist = ["AU-3", "SC-28"], iso27001 = ["A.8.12", "A.8.15"], soc2 = ["CC6.7"], cis = ["3.3"], owasp-mcp = ["MCP01:2025", "MCP10:2025"] }
*/
SELECT NULL                        AS person,
       printf('azure:%s', id)      AS subject,
       CASE WHEN logs_body = 1 THEN 'fail' WHEN understood = 0 THEN NULL WHEN logs_body = 0 THEN 'pass' WHEN logs IS NULL THEN 'pass' END AS status,
       CASE WHEN understood = 0 THEN printf('the policy of %s is not understood', interface)
            ELSE printf('%s of %s writes the body of the request down', ifnull(operation, 'every operation'), interface) END AS reason,
       'A'                         AS grade
FROM   gateway_call
WHERE  open = 0;
/*
[[case]]
name = "fields only, or nothing"
gateway_call = [{ id = "/a", interface = "m", open = 0, understood = 1, logs = "caller_oid", logs_body = 0 }, { id = "/b", interface = "m", open = 0, understood = 1 }]
expect = "pass"

[[case]]
name = "bodies"
gateway_call = [{ id = "/a", interface = "m", open = 0, understood = 1, logs = "caller_oid", logs_body = 1 }]
expect = { "azure:/a" = "fail" }

[[case]]
name = "not understood"
gateway_call = [{ id = "/a", interface = "m", open = 0, understood = 0 }]
expect = { "azure:/a" = "unknown" }
*/
