/*
title    = "An Azure role is within the leaver's reach through a pipeline identity"
proven   = "No Azure role is within the leaver's reach through a pipeline identity"
severity = "high"
why      = "The leaver can still act as this identity, so its role is theirs, and the logs show the identity's name."
fix      = "Close the path first: delete the credential that leads there, which stops the jobs that use it. Then review what the identity did since the last day, before its logs are too old."
monotone = true
controls = { nist = ["PS-4", "AC-6"], iso27001 = ["A.5.18", "A.8.2"], soc2 = ["CC6.1", "CC6.3"], cis = ["6.2", "6.8"], owasp-nhi = ["NHI1:2025", "NHI5:2025"] }
*/
SELECT reach.person                  AS person,
       printf('azure:%s', role_assignment.id) AS subject,
       'fail'                        AS status,
       CASE WHEN role_assignment.role_name IN ('Owner', 'Contributor', 'User Access Administrator',
                                               'Role Based Access Control Administrator') THEN 'critical'
       END                           AS severity,
       printf('%s on %s, through a %s', ifnull(role_assignment.role_name, role_assignment.role),
              ifnull(role_assignment.scope, 'an unknown scope'), reach.path) AS reason,
       reach.via                     AS via,
       reach.principal               AS principal,
       'A'                           AS grade
FROM   reach
CROSS JOIN role_assignment ON role_assignment.principal = reach.principal COLLATE NOCASE
WHERE  reach.path <> 'own account';
/*
[[case]]
name = "the identity trusts somebody else, and the leaver's own role is another check's"
person = [{ id = "p", object_id = "u1" }]
account = [{ id = "u1", person = "p" }]
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "7" }]
managed_identity = [{ id = "/i1", principal = "m1" }]
federated_credential = [{ id = "f1", object = "/i1", object_kind = "managed-identity", name = "n", issuer = "https://token.actions.githubusercontent.com", subject = "repo:contoso/x:ref:refs/heads/main" }]
role_assignment = [{ id = "/r1", principal = "m1", role = "o", role_name = "Owner" }, { id = "/r2", principal = "u1", role = "o" }]
expect = "pass"

[[case]]
name = "through the leaver's repository, through a name that anybody can register, through a secret that they added"
person = [{ id = "p", object_id = "u1" }]
account = [{ id = "u1", person = "p" }]
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "7" }]
managed_identity = [{ id = "/i1", principal = "m1" }, { id = "/i2", principal = "m2" }]
application = [{ id = "o3", app_id = "a3" }]
service_principal = [{ id = "m3", app_id = "a3" }]
credential_event = [{ event = "e1", person = "p", at = 2026-05-01T00:00:00Z, object = "o3", key_id = "k1", change = "added" }]
credential = [{ object = "o3", object_kind = "application", key_id = "k1", kind = "secret" }]
federated_credential = [
  { id = "f1", object = "/i1", object_kind = "managed-identity", name = "n", issuer = "https://token.actions.githubusercontent.com", subject = "repo:alice-dev/x:ref:refs/heads/main" },
  { id = "f2", object = "/i2", object_kind = "managed-identity", name = "n", issuer = "https://token.actions.githubusercontent.com", expression = "claims['sub'] matches 'repo:contoso*'" },
]
role_assignment = [
  { id = "/r1", principal = "M1", role = "o", role_name = "Owner" },
  { id = "/r2", principal = "m2", role = "r", role_name = "Reader" },
  { id = "/r3", principal = "m3", role = "r", role_name = "Reader" },
]
expect = { "azure:/r1" = "fail", "azure:/r2" = "fail", "azure:/r3" = "fail" }

[[case]]
name = "through a repository that they can push to, a schedule that runs as them, a runner that takes their jobs"
person = [{ id = "p", object_id = "u1" }]
account = [{ id = "u1", person = "p" }]
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
managed_identity = [{ id = "/i1", principal = "m1" }, { id = "/i2", principal = "m2" }, { id = "/i3", principal = "m3" }, { id = "/i4", principal = "m4" }, { id = "/i5", principal = "m5" }]
federated_credential = [
  { id = "f1", object = "/i1", object_kind = "managed-identity", name = "n", issuer = "https://token.actions.githubusercontent.com", issuer_kind = "github", owner = "contoso", repository = "api", subject = "repo:contoso/api:ref:refs/heads/main" },
  { id = "f2", object = "/i2", object_kind = "managed-identity", name = "n", issuer = "https://token.actions.githubusercontent.com", issuer_kind = "github", owner = "contoso", repository = "nightly", subject = "repo:contoso/nightly:ref:refs/heads/main" },
  { id = "f3", object = "/i3", object_kind = "managed-identity", name = "n", issuer = "https://token.actions.githubusercontent.com", issuer_kind = "github", owner = "contoso", repository = "web", subject = "repo:contoso/web:ref:refs/heads/main" },
  { id = "f4", object = "/i4", object_kind = "managed-identity", name = "n", issuer = "https://token.actions.githubusercontent.com", issuer_kind = "github", owner = "contoso", repository = "read-only", subject = "repo:contoso/read-only:ref:refs/heads/main" },
  { id = "f5", object = "/i5", object_kind = "managed-identity", name = "n", issuer = "https://token.actions.githubusercontent.com", issuer_kind = "github", owner = "contoso", repository = "team", subject = "repo:contoso/team:ref:refs/heads/main" },
]
github_repository = [
  { id = "1", organization = "contoso", repository = "api" },
  { id = "2", organization = "contoso", repository = "nightly" },
  { id = "3", organization = "contoso", repository = "web" },
  { id = "4", organization = "contoso", repository = "read-only" },
  { id = "5", organization = "contoso", repository = "team" },
]
github_access = [
  { organization = "contoso", repository = "api", login = "alice-dev", user_id = "7", role = "write" },
  { organization = "contoso", repository = "read-only", login = "alice-dev", user_id = "7", role = "read" },
]
github_workflow = [{ id = "w", organization = "contoso", repository = "nightly", path = "a.yml", state = "active", scheduled = true, id_token = true }]
github_schedule_actor = [{ workflow = "w", organization = "contoso", repository = "nightly", login = "alice-dev", user_id = "7" }]
github_runner = [{ id = "r", organization = "contoso", runner_id = "31", status = "online" }]
github_job = [{ id = "j", organization = "contoso", repository = "web", run_id = "1", login = "alice-dev", user_id = "7", runner_id = "31" }]
github_team_membership = [{ organization = "contoso", team = "platform", login = "alice-dev", user_id = "7" }]
github_team_access = [{ organization = "contoso", team = "platform", repository = "team", role = "maintain" }]
role_assignment = [
  { id = "/r1", principal = "m1", role = "o" }, { id = "/r2", principal = "m2", role = "o" }, { id = "/r3", principal = "m3", role = "o" },
  { id = "/r4", principal = "m4", role = "o" }, { id = "/r5", principal = "m5", role = "o" },
]
expect = { "azure:/r1" = "fail", "azure:/r2" = "fail", "azure:/r3" = "fail", "azure:/r5" = "fail" }

[[case]]
name = "role assignments, or who can act as whom, could not be read"
incomplete = ["role_assignment", "federated_credential"]
expect = "unknown"
*/
