/*
title    = "The gateway stands in no virtual network"
proven   = "The gateway stands in a virtual network"
severity = "medium"
why      = "It then reaches servers over addresses that others can reach too."
fix      = "Connect the gateway to the virtual network of the servers."
item     = "production/network"
monotone = true
controls = { nist = ["AC-4"], iso27001 = ["A.8.9"], soc2 = ["CC6.6"], cis = ["12.2"] }
*/
SELECT NULL                        AS person,
       printf('azure:%s', id)      AS subject,
       CASE WHEN network IN ('internal', 'external') THEN 'pass' WHEN network = 'none' THEN 'fail' END AS status,
       CASE WHEN network = 'none' THEN printf('%s stands in no virtual network', ifnull(name, id))
            ELSE printf('the network of %s is not shown', ifnull(name, id)) END AS reason,
       'A'                         AS grade
FROM   api_gateway;
/*
[[case]]
name = "in one"
api_gateway = [{ id = "/g", network = "internal" }, { id = "/h", network = "external" }]
expect = "pass"

[[case]]
name = "in none"
api_gateway = [{ id = "/g", network = "none" }]
expect = { "azure:/g" = "fail" }

[[case]]
name = "not shown"
api_gateway = [{ id = "/g" }]
expect = { "azure:/g" = "unknown" }
*/
