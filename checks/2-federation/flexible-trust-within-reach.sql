/*
title    = "A pipeline identity accepts tokens that the leaver, or anybody, can obtain"
proven   = "No pipeline identity accepts tokens that the leaver, or anybody, can obtain"
severity = "critical"
why      = "A wildcard reaches further than it was meant to: what matches it can be registered or run by somebody who has left."
fix      = "Write a credential that spells out owner, repository and branch for the jobs that are still needed. Then delete the flexible one: every other job that matches it gets no more tokens."
action   = "delete-federated-credential"
monotone = true
controls = { nist = ["PS-4", "AC-6", "IA-9"], iso27001 = ["A.5.17", "A.8.2"], soc2 = ["CC6.1"], cis = ["3.3", "6.8"], owasp-nhi = ["NHI4:2025", "NHI6:2025"] }
*/
SELECT trust.person                  AS person,
       trust.subject                 AS subject,
       CASE trust.reach
            WHEN 'yes' THEN 'fail'
            WHEN 'no'  THEN 'pass'
       END                           AS status,
       CASE trust.reach
            WHEN 'yes'     THEN printf('%s trusts %s, which %s satisfies', trust.object_name, trust.trusts, trust.witness)
            WHEN 'unknown' THEN printf('%s trusts %s: %s', trust.object_name, trust.trusts, trust.doubt)
       END                           AS reason,
       trust.witness                 AS token_subject,
       iif(trust.person IS NULL, 'anybody', 'the leaver') AS satisfied_by,
       trust.can                     AS can,
       'A'                           AS grade
FROM   federated_trust AS trust
WHERE  trust.expression IS NOT NULL OR trust.person IS NULL;
/*
[[case]]
name = "patterns that end at our own organisation"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "7" }]
federated_credential = [
  { id = "f1", object = "o1", object_kind = "application", issuer = "https://token.actions.githubusercontent.com", expression = "claims['sub'] matches 'repo:contoso/*:ref:refs/heads/main'" },
  { id = "f2", object = "o1", object_kind = "application", issuer = "https://token.actions.githubusercontent.com", subject = "repo:alice-dev/x:pull_request" },
]
expect = "pass"

[[case]]
name = "a pattern over the leaver's account, and one that anybody can register a name for"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "7" }]
federated_credential = [
  { id = "f1", object = "o1", object_kind = "application", issuer = "https://token.actions.githubusercontent.com", expression = "claims['sub'] matches 'repo:alice-dev/*:ref:refs/heads/*'" },
  { id = "f2", object = "o1", object_kind = "application", issuer = "https://token.actions.githubusercontent.com", expression = "claims['sub'] matches 'repo:contoso*'" },
]
expect = { "entra:application/o1/federated/f1" = "fail", "entra:application/o1/federated/f2" = "fail" }

[[case]]
name = "not understood, hidden, of an unknown issuer, without any issuer"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "7" }]
federated_credential = [
  { id = "f1", object = "o1", object_kind = "application", issuer = "https://token.actions.githubusercontent.com", expression = "claims['sub'] resembles 'x'" },
  { id = "f2", object = "o1", object_kind = "application", issuer = "https://token.actions.githubusercontent.com" },
  { id = "f3", object = "o1", object_kind = "application", issuer = "https://ci.contoso.example", subject = "job:7" },
  { id = "f4", object = "o1", object_kind = "application", subject = "repo:contoso/x:pull_request" },
]
expect = { "entra:application/o1/federated/f1" = "unknown", "entra:application/o1/federated/f2" = "unknown", "entra:application/o1/federated/f3" = "unknown", "entra:application/o1/federated/f4" = "unknown" }

[[case]]
name = "federated credentials could not be listed"
incomplete = ["federated_credential"]
expect = "unknown"
*/
