/*
title    = "The leaver is the only sponsor of an AI agent identity"
proven   = "No AI agent identity has the leaver as its only sponsor"
severity = "high"
why      = "A sponsor answers for what an agent does. Sponsors are not owners: no list of owned objects shows them."
fix      = "Name another sponsor for the agent identity first. Disable it if nobody takes it: what it does then stops."
controls = { nist = ["PS-4", "AC-2"], iso27001 = ["A.5.9"], soc2 = ["CC6.3"], cis = ["5.5"], owasp-nhi = ["NHI1:2025"], owasp-mcp = ["MCP09:2025"] }
*/
SELECT account.person                AS person,
       printf('entra:%s/%s', sponsorship.object_kind, sponsorship.object) AS subject,
       'fail'                        AS status,
       printf('no other sponsor of %s', ifnull(max(sponsorship.object_name), sponsorship.object)) AS reason,
       'A'                           AS grade
FROM   sponsorship
JOIN   account
GROUP BY account.person, account.id, sponsorship.object, sponsorship.object_kind
HAVING sum(sponsorship.sponsor = account.id COLLATE NOCASE) > 0
   AND count(DISTINCT sponsorship.sponsor) = 1;
/*
[[case]]
name = "a second sponsor"
account = [{ id = "u1", person = "p" }]
sponsorship = [
  { object = "a1", object_kind = "service-principal", sponsor = "u1" },
  { object = "a1", object_kind = "service-principal", sponsor = "u2" },
]
expect = "pass"

[[case]]
name = "nobody else"
account = [{ id = "u1", person = "p" }]
sponsorship = [{ object = "a1", object_kind = "service-principal", sponsor = "u1" }]
expect = { "entra:service-principal/a1" = "fail" }

[[case]]
name = "sponsors could not be listed"
account = [{ id = "u1", person = "p" }]
incomplete = ["sponsorship"]
expect = "unknown"
*/
