/*
title    = "The gateway has a tier without a service level or without addresses that stay"
proven   = "The gateway has a tier with a service level and addresses that stay"
severity = "medium"
why      = "A list of its addresses drifts, and when it is away people go around it."
fix      = "Use a tier for production: Basic, Standard or Premium."
item     = "production/tier"
monotone = true
controls = { nist = ["CM-6"], iso27001 = ["A.8.9"], soc2 = ["CC7.1"], cis = ["4.1"] }
*/
SELECT NULL                        AS person,
       printf('azure:%s', id)      AS subject,
       CASE WHEN lower(sku) IN ('developer', 'consumption') THEN 'fail'
            WHEN stable = 0 THEN 'fail'
            WHEN stable = 1 THEN 'pass'
       END                         AS status,
       printf('%s has the tier %s%s', ifnull(name, id), ifnull(sku, 'that is not shown'), iif(stable = 0, ', whose addresses change', '')) AS reason,
       addresses                   AS addresses,
       'A'                         AS grade
FROM   api_gateway;
/*
[[case]]
name = "Premium"
api_gateway = [{ id = "/g", sku = "Premium", stable = 1, addresses = "20.1.2.3" }]
expect = "pass"

[[case]]
name = "Developer, Consumption, and a tier that shares its addresses"
api_gateway = [{ id = "/d", sku = "Developer", stable = 1 }, { id = "/c", sku = "Consumption", stable = 0 }, { id = "/v", sku = "BasicV2", stable = 0 }]
expect = { "azure:/d" = "fail", "azure:/c" = "fail", "azure:/v" = "fail" }

[[case]]
name = "not shown"
api_gateway = [{ id = "/g" }]
expect = { "azure:/g" = "unknown" }
*/
