/*
title    = "The leaver owns an application that a pipeline signs in as"
proven   = "The leaver owns no application that a pipeline signs in as"
severity = "critical"
why      = "Its federated credentials let outside workloads act as this application, and an owner can add another one that points anywhere."
fix      = "Name another owner first where there is none. Then remove the leaver from the owners, which stops nothing that runs, and review every federated credential and secret of the application."
action   = "remove-owner"
monotone = true
controls = { nist = ["PS-4", "AC-6"], iso27001 = ["A.5.18", "A.8.2"], soc2 = ["CC6.3"], cis = ["5.5", "6.2"], owasp-nhi = ["NHI1:2025", "NHI6:2025"] }
*/
SELECT account.person                AS person,
       printf('entra:%s/%s/owner/%s', ownership.object_kind, ownership.object, account.id) AS subject,
       'fail'                        AS status,
       printf('owner of %s, which trusts %d outside identities', ifnull(max(ownership.object_name), ownership.object),
              count(DISTINCT credential.id)) AS reason,
       min(credential.issuer)        AS issuer,
       min(ifnull(credential.subject, credential.expression)) AS trusts,
       'A'                           AS grade
FROM   ownership
JOIN   account ON account.id = ownership.owner COLLATE NOCASE
JOIN   federated_credential AS credential ON credential.object = ownership.object COLLATE NOCASE
GROUP BY account.person, account.id, ownership.object, ownership.object_kind;
/*
[[case]]
name = "owner of an application without federated credentials"
account = [{ id = "u1", person = "p" }]
ownership = [{ object = "o1", object_kind = "application", owner = "u1" }]
federated_credential = [{ id = "f1", object = "o2", object_kind = "application", subject = "repo:contoso/x:pull_request" }]
expect = "pass"

[[case]]
name = "owner of a pipeline's application"
account = [{ id = "u1", person = "p" }]
ownership = [{ object = "o1", object_kind = "application", owner = "u1" }]
federated_credential = [
  { id = "f1", object = "o1", object_kind = "application", subject = "repo:contoso/x:pull_request" },
  { id = "f2", object = "o1", object_kind = "application", expression = "claims['sub'] matches 'repo:contoso/*'" },
]
expect = { "entra:application/o1/owner/u1" = "fail" }

[[case]]
name = "federated credentials could not be listed"
account = [{ id = "u1", person = "p" }]
ownership = [{ object = "o1", object_kind = "application", owner = "u1" }]
incomplete = ["federated_credential"]
expect = "unknown"
*/
