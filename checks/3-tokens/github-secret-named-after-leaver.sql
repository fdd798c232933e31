/*
title    = "A GitHub secret is named after the leaver"
proven   = "No GitHub secret is named after the leaver"
severity = "medium"
why      = "A guess by the name alone: a secret that is called after a person usually holds a token of that person."
fix      = "Ask who uses it; replace it by a token of a service or an app under another name, then revoke the old one where it was issued. Deleting the secret first leaves workflows with an empty value and no error."
controls = { nist = ["PS-4", "IA-4", "IA-5"], iso27001 = ["A.5.16", "A.5.17"], soc2 = ["CC6.1"], cis = ["6.2"], owasp-nhi = ["NHI1:2025", "NHI10:2025"] }
*/
SELECT DISTINCT
       named.person            AS person,
       named.id                AS subject,
       'fail'                  AS status,
       printf('a guess: %s of %s has the name of %s in it', named.secret,
              ifnull(named.organization || '/' || named.repository, named.organization), named.name) AS reason,
       'D'                     AS grade,
       named.updated_at        AS seen_at,
       named.product           AS product
FROM   (SELECT identity.person AS person, identity.name AS name,
               trim(replace(replace(substr(identity.name, 1, ifnull(nullif(instr(identity.name, '@'), 0) - 1, length(identity.name))), '-', ' '), '.', ' ')) AS words,
               replace(secret.name, '_', ' ') AS text, secret.id AS id, secret.name AS secret,
               secret.organization AS organization, secret.repository AS repository, secret.updated_at AS updated_at,
               secret.product AS product
        FROM   github_secret AS secret
        JOIN   identity ON identity.kind IN ('github', 'upn', 'mail')) AS named
WHERE  names_person(named.text, named.words)
-- A first name alone is a word like others: it needs a word beside it that says credential.
AND    (instr(named.words, ' ') > 0
        OR lower(named.text) = lower(named.words)
        OR EXISTS (SELECT 1
                   FROM   json_each('["token", "pat", "key", "secret", "password", "passwd", "pwd", "pass", "credential", "credentials", "creds", "auth", "login", "ssh", "api"]') AS word
                   WHERE  names_person(named.text, word.value)))
-- A colleague whose longer login fits as well is more likely meant.
AND    NOT EXISTS (SELECT 1
                   FROM   github_membership AS member
                   WHERE  length(member.login) > length(named.words)
                   AND    names_person(replace(member.login, '-', ' '), named.words)
                   AND    names_person(named.text, replace(member.login, '-', ' '))
                   AND    member.login NOT IN (SELECT leaver.login FROM github_leaver AS leaver WHERE leaver.person = named.person));
/*
[[case]]
name = "the login, and the first name beside a word for a credential"
identity = [
  { person = "p", kind = "github", name = "alice-dev", id = "github:user/7" },
  { person = "p", kind = "upn", name = "alice@contoso.com" },
]
github_secret = [
  { id = "s1", organization = "contoso", product = "actions", name = "ALICE_DEV" },
  { id = "s2", organization = "contoso", repository = "api", product = "actions", name = "GH_PAT_ALICE" },
  { id = "s3", organization = "contoso", product = "codespaces", name = "ALICE" },
]
expect = { "s1" = "fail", "s2" = "fail", "s3" = "fail" }

[[case]]
name = "a first name in a title, a part of other words, a colleague with a longer login"
identity = [
  { person = "p", kind = "github", name = "alice-dev", id = "github:user/7" },
  { person = "p", kind = "upn", name = "alice@contoso.com" },
]
github_membership = [{ organization = "contoso", login = "alice-developer", user_id = "9" }]
github_secret = [
  { id = "s1", organization = "contoso", product = "actions", name = "ALICE_WONDERLAND_THEME" },
  { id = "s2", organization = "contoso", product = "actions", name = "MALICE_TOOLS_TOKEN" },
  { id = "s3", organization = "contoso", product = "actions", name = "ALICIA_PAT" },
  { id = "s4", organization = "contoso", product = "actions", name = "ALICE_DEVELOPER_TOKEN" },
]
expect = "pass"

[[case]]
name = "the secrets of a repository could not be listed"
incomplete = ["github_secret"]
identity = [{ person = "p", kind = "github", name = "alice-dev" }]
expect = "unknown"
*/
