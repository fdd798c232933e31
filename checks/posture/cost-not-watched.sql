/*
title    = "No budget tells anybody about the cost of the servers"
proven   = "A budget tells somebody about the cost of the servers"
severity = "low"
why      = "An agent that runs away is often seen first on the bill."
fix      = "Set a budget with a notification that names somebody."
item     = "production/cost"
controls = { nist = ["SI-4"], iso27001 = ["A.8.16"], soc2 = ["CC7.2"], cis = ["8.11"] }
*/
SELECT NULL                        AS person,
       printf('azure:/subscriptions/%s', azure_subscription.id) AS subject,
       'fail'                      AS status,
       printf('no budget of the subscription %s tells anybody', azure_subscription.id) AS reason,
       'A'                         AS grade
FROM   azure_subscription
WHERE  EXISTS (SELECT 1 FROM mcp_workload AS server WHERE server.subscription = azure_subscription.id AND server.is_server = 1)
AND    NOT EXISTS (SELECT 1 FROM budget WHERE budget.subscription = azure_subscription.id AND budget.notifies > 0);
/*
[[case]]
name = "a budget that tells somebody; a subscription without servers"
azure_subscription = [{ id = "s" }, { id = "t" }]
mcp_workload = [{ id = "/a", kind = "container-app", subscription = "s", is_server = 1 }]
budget = [{ id = "/b", subscription = "s", amount = 100, notifies = 1 }]
expect = "pass"

[[case]]
name = "none, or one that tells nobody"
azure_subscription = [{ id = "s" }, { id = "t" }]
mcp_workload = [{ id = "/a", kind = "container-app", subscription = "s", is_server = 1 }, { id = "/b", kind = "container-app", subscription = "t", is_server = 1 }]
budget = [{ id = "/b", subscription = "s", amount = 100, notifies = 0 }]
expect = { "azure:/subscriptions/s" = "fail", "azure:/subscriptions/t" = "fail" }

[[case]]
name = "budgets could not be read"
incomplete = ["budget"]
expect = "unknown"
*/
