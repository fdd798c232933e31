/*
title    = "A pipeline identity trusts the leaver's login by its name alone"
proven   = "No pipeline identity trusts the leaver's login by its name alone"
severity = "high"
why      = "GitHub gives a login away again once its account is renamed or deleted. Whoever registers it next gets this identity."
fix      = "Where it is still needed, write one first whose subject has the numbers of owner and repository. Then delete the federated credential: jobs under the old name get no more tokens."
action   = "delete-federated-credential"
monotone = true
controls = { nist = ["PS-4", "IA-4"], iso27001 = ["A.5.16"], soc2 = ["CC6.1"], cis = ["5.5"], owasp-nhi = ["NHI1:2025", "NHI4:2025"] }
*/
SELECT trust.person                  AS person,
       trust.subject                 AS subject,
       'fail'                        AS status,
       printf('%s trusts %s, whoever holds that login', trust.object_name, trust.trusts) AS reason,
       trust.can                     AS can,
       'A'                           AS grade
FROM   federated_trust AS trust
WHERE  trust.place = 'owner'
  AND  trust.likeness IN ('exact', 'other-case')
  AND  trust.owner_id IS NULL;
/*
[[case]]
name = "with the number of the account, a new holder of the login gets nothing"
identity = [{ person = "p", kind = "github", name = "alice-dev" }]
federated_credential = [{ id = "f1", object = "o1", object_kind = "application", owner_id = "7", issuer = "https://token.actions.githubusercontent.com", subject = "repo:alice-dev@7/tools@9:ref:refs/heads/main" }]
expect = "pass"

[[case]]
name = "name only"
identity = [{ person = "p", kind = "github", name = "alice-dev" }]
federated_credential = [{ id = "f1", object = "o1", object_kind = "application", issuer = "https://token.actions.githubusercontent.com", subject = "repo:alice-dev/tools:ref:refs/heads/main" }]
expect = { "entra:application/o1/federated/f1" = "fail" }

[[case]]
name = "a person whose GitHub login is not known is never clean"
incomplete = ["identity"]
expect = "unknown"
*/
