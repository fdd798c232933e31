/*
title    = "A pipeline signs in to Azure with a stored client secret"
proven   = "No pipeline signs in to Azure with a stored client secret"
severity = "high"
why      = "Everybody who can change a workflow can read it, and it works from anywhere until somebody replaces it."
fix      = "Let the workflow sign in by federation (id-token: write and a federated credential), then delete the secret here and at the application."
item     = "hardening/10"
monotone = true
controls = { nist = ["IA-5", "IA-5(7)"], iso27001 = ["A.5.17"], soc2 = ["CC6.1"], cis = ["5.5"], owasp-nhi = ["NHI2:2025", "NHI4:2025", "NHI7:2025"] }
*/
SELECT NULL                        AS person,
       github_secret.id            AS subject,
       'fail'                      AS status,
       printf('%s holds %s', ifnull(github_secret.repository, github_secret.organization), github_secret.name) AS reason,
       github_secret.updated_at    AS seen_at,
       'D'                         AS grade
FROM   github_secret
WHERE  upper(github_secret.name) GLOB '*AZURE*CLIENT*SECRET*'
OR     upper(github_secret.name) GLOB '*ARM*CLIENT*SECRET*'
OR     upper(github_secret.name) GLOB '*AZURE*CREDENTIALS*'
OR     upper(github_secret.name) GLOB '*AZURE*PASSWORD*'
OR     upper(github_secret.name) GLOB '*AZURE*SP*SECRET*'
OR     upper(github_secret.name) GLOB '*SERVICE*PRINCIPAL*'
OR     upper(github_secret.name) IN ('CLIENT_SECRET', 'APP_SECRET', 'SP_PASSWORD');
/*
[[case]]
name = "ids, and secrets for something else"
github_secret = [
  { id = "1", organization = "o", repository = "r", product = "actions", name = "AZURE_CLIENT_ID" },
  { id = "2", organization = "o", repository = "r", product = "actions", name = "AZURE_TENANT_ID" },
  { id = "3", organization = "o", repository = "r", product = "actions", name = "NPM_TOKEN" },
]
expect = "pass"

[[case]]
name = "under the names that people give it"
github_secret = [
  { id = "1", organization = "o", repository = "r", product = "actions", name = "AZURE_CLIENT_SECRET" },
  { id = "2", organization = "o", product = "actions", name = "AZURE_CREDENTIALS" },
  { id = "3", organization = "o", repository = "r", product = "actions", name = "ARM_CLIENT_SECRET" },
  { id = "4", organization = "o", repository = "r", product = "dependabot", name = "PROD_AZURE_CLIENT_SECRET" },
  { id = "5", organization = "o", repository = "r", product = "actions", name = "AZURE_SERVICE_PRINCIPAL" },
  { id = "6", organization = "o", repository = "r", environment = "prod", product = "actions", name = "client_secret" },
  { id = "7", organization = "o", repository = "r", product = "actions", name = "AZURE_SP_SECRET" },
]
expect = { "1" = "fail", "2" = "fail", "3" = "fail", "4" = "fail", "5" = "fail", "6" = "fail", "7" = "fail" }

[[case]]
name = "secrets could not be listed"
incomplete = ["github_secret"]
expect = "unknown"
*/
