/*
title    = "A pipeline identity trusts the leaver's personal GitHub account"
proven   = "No pipeline identity trusts the leaver's personal GitHub account"
severity = "critical"
why      = "Any workflow in that account can obtain this identity's tokens, long after the Entra account is gone."
fix      = "Delete the federated credential, or point it at an organisation repository and one branch. Jobs that used it get no more tokens: give them another one first where they are still needed."
action   = "delete-federated-credential"
monotone = true
controls = { nist = ["PS-4", "AC-2(3)"], iso27001 = ["A.5.16", "A.5.18"], soc2 = ["CC6.1", "CC6.3"], cis = ["5.5", "6.2"], owasp-nhi = ["NHI1:2025", "NHI6:2025"] }
*/
SELECT trust.person                  AS person,
       trust.subject                 AS subject,
       CASE trust.likeness
            WHEN 'exact'        THEN 'fail'
            WHEN 'other-case'   THEN 'fail'
            WHEN 'same-number'  THEN 'fail'
            WHEN 'other-number' THEN 'pass'
       END                           AS status,
       CASE trust.reach
            WHEN 'yes'     THEN 'critical'
            WHEN 'unknown' THEN 'critical'
            WHEN 'no'      THEN 'high'
       END                           AS severity,
       CASE trust.likeness
            WHEN 'exact'       THEN printf('%s trusts %s, which is in the leaver''s own account', trust.object_name, trust.trusts)
            WHEN 'other-case'  THEN printf('%s trusts %s: the leaver''s account in another case, which Entra tells apart and the leaver can change',
                                           trust.object_name, trust.trusts)
            WHEN 'same-number' THEN printf('%s trusts %s, which has the number of the leaver''s account', trust.object_name, trust.trusts)
       END                           AS reason,
       trust.witness                 AS token_subject,
       trust.can                     AS can,
       'A'                           AS grade
FROM   federated_trust AS trust
WHERE  trust.place = 'owner';
/*
[[case]]
name = "an organisation, and accounts whose names only look alike"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
federated_credential = [
  { id = "f1", object = "o1", object_kind = "application", issuer = "https://token.actions.githubusercontent.com", subject = "repo:contoso/alice-dev:ref:refs/heads/main" },
  { id = "f2", object = "o1", object_kind = "application", issuer = "https://token.actions.githubusercontent.com", subject = "repo:alice-developer/x:ref:refs/heads/main" },
  { id = "f3", object = "o1", object_kind = "application", issuer = "https://token.actions.githubusercontent.com", subject = "repo:alice-dev@8/x@9:ref:refs/heads/main" },
]
expect = "pass"

[[case]]
name = "the leaver's own account, in two spellings, and by its number after a rename"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
federated_credential = [
  { id = "f1", object = "o1", object_kind = "application", issuer = "https://token.actions.githubusercontent.com", subject = "repo:alice-dev/tools:ref:refs/heads/main" },
  { id = "f2", object = "o1", object_kind = "application", issuer = "https://token.actions.githubusercontent.com", subject = "repo:Alice-Dev/tools:pull_request" },
  { id = "f3", object = "/i1", object_kind = "managed-identity", name = "n", issuer = "https://token.actions.githubusercontent.com", subject = "repo:old-alice@7/tools@9:pull_request" },
]
expect = { "entra:application/o1/federated/f1" = "fail", "entra:application/o1/federated/f2" = "fail", "azure:/i1/federated/n" = "fail" }

[[case]]
name = "a person whose GitHub login is not known is never clean"
incomplete = ["identity"]
federated_credential = [{ id = "f1", object = "o1", object_kind = "application", issuer = "https://token.actions.githubusercontent.com", subject = "repo:someone/x:pull_request" }]
expect = "unknown"

[[case]]
name = "identities could not be listed"
incomplete = ["managed_identity"]
expect = "unknown"
*/
