/*
title    = "The gateway does not look at prompts before it calls a server"
proven   = "The gateway looks at prompts before it calls a server"
severity = "medium"
why      = "What a document tells an agent to do is done with the rights of whoever asked."
fix      = "Add llm-content-safety with shield-prompt before the server is called, without a way around it."
controls = { nist = ["SI-4"], iso27001 = ["A.8.16"], soc2 = ["CC6.8"], cis = ["16.1"], owasp-mcp = ["MCP06:2025"] }
*/
SELECT NULL                        AS person,
       printf('azure:%s', id)      AS subject,
       CASE WHEN understood = 0 THEN NULL WHEN shield = 'enforced' THEN 'pass' WHEN shield IN ('reported', 'none') THEN 'fail' END AS status,
       printf('%s of %s: %s', ifnull(operation, 'every operation'), interface, CASE
            WHEN understood = 0 THEN 'its policy is not understood'
            WHEN shield = 'reported' THEN 'prompts are looked at, and let through whatever is found'
            ELSE 'prompts are not looked at' END) AS reason,
       'A'                         AS grade
FROM   gateway_call
WHERE  open = 0;
/*
[[case]]
name = "enforced"
gateway_call = [{ id = "/a", interface = "m", open = 0, understood = 1, shield = "enforced" }]
expect = "pass"

[[case]]
name = "not, or for the record"
gateway_call = [{ id = "/a", interface = "m", open = 0, understood = 1, shield = "none" }, { id = "/b", interface = "m", open = 0, understood = 1, shield = "reported" }]
expect = { "azure:/a" = "fail", "azure:/b" = "fail" }

[[case]]
name = "not understood"
gateway_call = [{ id = "/a", interface = "m", open = 0, understood = 0 }]
expect = { "azure:/a" = "unknown" }
*/
