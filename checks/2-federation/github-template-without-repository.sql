/*
title    = "Identity tokens of a GitHub repository do not say which repository they are for"
proven   = "Identity tokens of every GitHub repository say which repository they are for"
severity = "high"
why      = "The subject is made from claims that other repositories share, or that anybody with write access can choose: a federated credential for it accepts them all."
fix      = "Put repo or repository_id into the subject's claims. Federated credentials for the old subject stop matching: write the new ones first."
monotone = true
controls = { nist = ["AC-3", "IA-9"], iso27001 = ["A.5.16", "A.8.3"], soc2 = ["CC6.1"], cis = ["6.8"], owasp-nhi = ["NHI4:2025", "NHI6:2025"] }
*/
SELECT NULL                    AS person,
       printf('github:repo/%s/%s/oidc-template', own.organization, own.repository) AS subject,
       CASE WHEN own.claims IS NULL    THEN NULL
            WHEN own.names = 1         THEN 'pass'
            WHEN own.names = 0         THEN 'fail'
       END                     AS status,
       CASE WHEN own.claims IS NULL THEN printf('the subjects of %s/%s follow a template that is not shown', own.organization, own.repository)
            ELSE printf('the subjects of %s/%s hold %s', own.organization, own.repository, own.claims)
       END                     AS reason,
       'A'                     AS grade
FROM   (SELECT template.organization AS organization, template.repository AS repository,
               ifnull(template.claims, whole.claims) AS claims,
               max(has_scope(ifnull(template.claims, whole.claims), 'repo'),
                   has_scope(ifnull(template.claims, whole.claims), 'repository'),
                   has_scope(ifnull(template.claims, whole.claims), 'repository_id'),
                   ifnull(template.immutable, 0)) AS names
        FROM   github_oidc_template AS template
        LEFT JOIN github_oidc_template AS whole
          ON   whole.organization = template.organization AND whole.repository IS NULL
        WHERE  template.repository IS NOT NULL AND template.use_default = 0) AS own;
/*
[[case]]
name = "by visibility alone"
github_oidc_template = [{ organization = "contoso", repository = "api", use_default = false, claims = "repository_owner repository_visibility" }]
expect = { "github:repo/contoso/api/oidc-template" = "fail" }

[[case]]
name = "by the organisation's template, which the repository uses"
github_oidc_template = [
  { organization = "contoso", repository = "api", use_default = false },
  { organization = "contoso", claims = "actor" },
]
expect = { "github:repo/contoso/api/oidc-template" = "fail" }

[[case]]
name = "the default, with the repository, and a template of the organisation that no repository uses"
github_oidc_template = [
  { organization = "contoso", repository = "api", use_default = true, claims = "repository_owner" },
  { organization = "contoso", repository = "web", use_default = false, claims = "repo context job_workflow_ref" },
  { organization = "contoso", claims = "repository_owner" },
]
expect = "pass"

[[case]]
name = "a template that is not shown"
github_oidc_template = [{ organization = "contoso", repository = "api", use_default = false }]
expect = { "github:repo/contoso/api/oidc-template" = "unknown" }

[[case]]
name = "the templates of some repositories could not be read"
incomplete = ["github_oidc_template"]
expect = "unknown"
*/
