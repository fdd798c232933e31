/*
title    = "The leaver is the only owner of an application"
proven   = "No application has the leaver as its only owner"
severity = "high"
why      = "An owner can add secrets and federated credentials; when the account goes, nobody is left who watches over the application."
fix      = "Give the application another owner first: without one nobody can rotate its secrets. Then remove the leaver, which stops nothing that runs."
action   = "remove-owner"
controls = { nist = ["PS-4", "AC-2"], iso27001 = ["A.5.9", "A.5.18"], soc2 = ["CC6.3"], cis = ["5.5"], owasp-nhi = ["NHI1:2025"] }
*/
SELECT account.person                AS person,
       printf('entra:%s/%s', ownership.object_kind, ownership.object) AS subject,
       'fail'                        AS status,
       printf('no other owner of %s', ifnull(max(ownership.object_name), ownership.object)) AS reason,
       ownership.object_kind         AS kind,
       'A'                           AS grade
FROM   ownership
JOIN   account
GROUP BY account.person, account.id, ownership.object, ownership.object_kind
HAVING sum(ownership.owner = account.id COLLATE NOCASE) > 0
   AND count(DISTINCT ownership.owner) = 1;
/*
[[case]]
name = "a second owner"
account = [{ id = "u1", person = "p" }]
ownership = [
  { object = "o1", object_kind = "application", owner = "u1" },
  { object = "o1", object_kind = "application", owner = "u2" },
]
expect = "pass"

[[case]]
name = "nobody else"
account = [{ id = "u1", person = "p" }]
ownership = [
  { object = "o1", object_kind = "application", owner = "U1" },
  { object = "o2", object_kind = "application", owner = "u2" },
]
expect = { "entra:application/o1" = "fail" }

[[case]]
name = "owners could not be listed"
account = [{ id = "u1", person = "p" }]
incomplete = ["ownership"]
expect = "unknown"
*/
