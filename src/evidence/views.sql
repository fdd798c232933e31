-- What follows from the tables and several checks need. A check that reads a view depends on every table below it.

CREATE VIEW azure_power AS
  -- What a principal may do in Azure, in words.
  SELECT held.principal AS principal,
         printf('%d Azure %s: %s', count(*), iif(count(*) = 1, 'role', 'roles'),
                substr(group_concat(held.role, '; '), 1, 500)) AS roles
  FROM   (SELECT lower(principal) AS principal,
                 printf('%s on %s', ifnull(role_name, role), ifnull(scope, 'an unknown scope')) AS role
          FROM   role_assignment
          ORDER BY lower(principal), scope, role, id) AS held
  GROUP BY held.principal;

CREATE VIEW workload AS
  -- Applications and managed identities with the service principal that they act as. NULL: none is known.
  SELECT managed_identity.id AS object, managed_identity.principal AS principal
  FROM   managed_identity
  UNION ALL
  SELECT application.id, service_principal.id
  FROM   application
  LEFT JOIN service_principal ON service_principal.app_id = application.app_id COLLATE NOCASE;

CREATE VIEW trust AS
  -- Each federated credential with its typed id and what the identity behind it can do.
  SELECT CASE credential.object_kind
              WHEN 'application'      THEN printf('entra:application/%s/federated/%s', credential.object, credential.id)
              WHEN 'managed-identity' THEN printf('azure:%s/%s/%s', credential.object,
                                                  iif(credential.expression IS NULL, 'federated', 'flexible'),
                                                  ifnull(credential.name, credential.id))
         END                    AS subject,
         credential.object      AS object,
         credential.name        AS name,
         ifnull(credential.object_name, credential.object) AS object_name,
         credential.issuer      AS issuer,
         credential.issuer_kind AS issuer_kind,
         credential.owner       AS owner,
         credential.owner_id    AS owner_id,
         credential.scope       AS scope,
         credential.subject     AS exactly,     -- the one token subject that it accepts
         credential.expression  AS expression,  -- or what it accepts instead
         coalesce(credential.expression, credential.subject, 'something that is not shown') AS trusts,
         workload.principal     AS principal,
         iif(workload.principal IS NULL, 'not known: no service principal was found for it',
             ifnull(azure_power.roles, 'no Azure role assignment was seen')) AS can
  FROM   federated_credential AS credential
  LEFT JOIN workload    ON workload.object = credential.object COLLATE NOCASE
  LEFT JOIN azure_power ON azure_power.principal = lower(workload.principal);

CREATE VIEW federated_trust AS
  -- What each federated credential has to do with each person, by the grammar of its issuer. One row per person and
  -- place where it names them; a row without a person: anybody can satisfy it, or it cannot be told who can.
  SELECT json_extract(judged.value, '$[0]') AS person,
         json_extract(judged.value, '$[1]') AS place,     -- owner, actor, workflow, repository, branch, tag, environment, text
         json_extract(judged.value, '$[2]') AS likeness,  -- exact, other-case, same-number, other-number
         json_extract(judged.value, '$[3]') AS reach,     -- yes: they can obtain a token that it accepts; no; unknown
         json_extract(judged.value, '$[4]') AS witness,   -- the subject of such a token
         json_extract(judged.value, '$[5]') AS doubt,     -- why it is unknown
         trust.subject     AS subject,
         trust.object      AS object,
         trust.object_name AS object_name,
         trust.owner_id    AS owner_id,
         trust.expression  AS expression,
         trust.trusts      AS trusts,
         trust.principal   AS principal,
         trust.can         AS can
  FROM   trust
  CROSS JOIN json_each(federated_judgements(trust.issuer, trust.exactly, trust.expression,
                                            (SELECT json_group_array(json_array(identity.person, identity.name, identity.id))
                                             FROM   identity
                                             WHERE  identity.kind = 'github'))) AS judged;

CREATE VIEW reach AS
  -- Every principal through which a person can still act, and the path that leads there.
  SELECT account.person AS person, account.id AS principal, 'own account' AS path, printf('entra:user/%s', account.id) AS via
  FROM   account
  UNION
  SELECT event.person, ifnull(workload.principal, credential.object), 'secret or certificate that they added',
         printf('entra:%s/%s/credential/%s', credential.object_kind, credential.object, credential.key_id)
  FROM   credential_event AS event
  JOIN   credential ON credential.object = event.object COLLATE NOCASE AND credential.key_id = event.key_id COLLATE NOCASE
  LEFT JOIN workload ON workload.object = credential.object COLLATE NOCASE
  WHERE  event.change = 'added' AND (credential.object_kind = 'service-principal' OR workload.principal IS NOT NULL)
  UNION
  SELECT person.id, trust.principal, 'federated credential that they satisfy', trust.subject
  FROM   federated_trust AS trust
  CROSS JOIN person ON trust.person IS NULL OR trust.person = person.id  -- CROSS: each credential is judged once
  WHERE  trust.reach = 'yes' AND trust.principal IS NOT NULL;

CREATE VIEW sighting_owner AS
  -- Which of the people a credential belongs to: by the id or name that its issuer or the tool that keeps it gave,
  -- and by a bare user name only where nothing says in which system.
  SELECT DISTINCT identity.person AS person, sighting.id AS sighting
  FROM   sighting
  JOIN   identity
    ON   (sighting.owner_kind = 'entra' AND identity.kind = 'entra' AND identity.id = sighting.owner_id COLLATE NOCASE)
    OR   (sighting.owner_kind IN ('entra', 'mail') AND identity.kind IN ('upn', 'mail')
          AND identity.name = sighting.owner_name COLLATE NOCASE)
    OR   (sighting.owner_kind = identity.kind AND identity.name = sighting.owner_name COLLATE NOCASE)
    OR   (sighting.owner_kind IN ('login', 'ssh-comment', 'npm', 'docker', 'pypi')
          AND names_person(sighting.owner_name, identity.name));
