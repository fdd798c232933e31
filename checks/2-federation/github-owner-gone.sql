/*
title    = "A pipeline identity trusts a GitHub account that does not exist"
proven   = "Every GitHub account that a pipeline identity trusts exists"
severity = "critical"
why      = "The login is free: whoever registers it obtains this identity's tokens."
fix      = "Delete the federated credential: nothing can use it rightfully while the account does not exist. Only a managed account, which GitHub shows to nobody outside its enterprise, may be there all the same."
action   = "delete-federated-credential"
unseen   = true
controls = { nist = ["AC-2", "IA-4"], iso27001 = ["A.5.16"], soc2 = ["CC6.1"], cis = ["5.5"], owasp-nhi = ["NHI1:2025", "NHI4:2025"] }
*/
SELECT NULL                    AS person,
       trust.subject           AS subject,
       CASE WHEN account.state IS NULL                                    THEN NULL
            WHEN account.state = 'absent' AND trust.owner_id IS NULL      THEN 'fail'
            WHEN account.state = 'absent' AND trust.owner_id IS NOT NULL  THEN 'pass'
            WHEN account.state = 'present'                                THEN 'pass'
       END                     AS status,
       CASE WHEN account.state = 'absent' THEN printf('%s trusts %s, and GitHub shows no account %s', trust.object_name, trust.trusts, trust.owner)
            ELSE printf('nobody could say whether the account %s exists', trust.owner)
       END                     AS reason,
       'A'                     AS grade,
       trust.can               AS can
FROM   trust
LEFT JOIN github_account AS account ON account.asked = trust.owner COLLATE NOCASE
WHERE  trust.issuer_kind = 'github'
AND    trust.owner IS NOT NULL
AND    instr(trust.owner, '*') = 0
AND    instr(trust.owner, '?') = 0;
/*
[[case]]
name = "the login is free"
federated_credential = [{ id = "f1", object = "o1", object_kind = "application", issuer_kind = "github", owner = "gone", repository = "x", subject = "repo:gone/x:pull_request" }]
github_account = [{ asked = "Gone", state = "absent" }]
expect = { "entra:application/o1/federated/f1" = "fail" }

[[case]]
name = "it exists, or the trust names it by number too, or anything matches"
federated_credential = [
  { id = "f1", object = "o1", object_kind = "application", issuer_kind = "github", owner = "contoso", subject = "repo:contoso/x:pull_request" },
  { id = "f2", object = "o1", object_kind = "application", issuer_kind = "github", owner = "gone", owner_id = "5", subject = "repo:gone@5/x@6:pull_request" },
  { id = "f3", object = "o1", object_kind = "application", issuer_kind = "github", owner = "con*", expression = "claims['sub'] matches 'repo:con*'" },
]
github_account = [{ asked = "contoso", state = "present", login = "contoso", user_id = "1" }, { asked = "gone", state = "absent" }]
expect = "pass"

[[case]]
name = "nobody asked for the account"
federated_credential = [{ id = "f1", object = "o1", object_kind = "application", issuer_kind = "github", owner = "someone", subject = "repo:someone/x:pull_request" }]
expect = { "entra:application/o1/federated/f1" = "unknown" }

[[case]]
name = "accounts could not be asked for"
incomplete = ["github_account"]
expect = "unknown"
*/
