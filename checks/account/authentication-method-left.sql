/*
title    = "A way to authenticate as the leaver is still registered"
proven   = "No way to authenticate as the leaver is registered"
severity = "low"
why      = "A key or phone that the person took along satisfies multi-factor authentication as soon as the account is enabled again."
fix      = "Disable the account first, or the person registers new ones with a session that is still open. Then delete the methods: they cannot come back, and a person who returns registers new ones."
monotone = true
controls = { nist = ["PS-4", "IA-5"], iso27001 = ["A.5.17"], soc2 = ["CC6.1"], cis = ["6.2"] }
*/
SELECT method.person                  AS person,
       printf('entra:user/%s/method/%s', account.id, method.id) AS subject,
       'fail'                         AS status,
       printf('%s%s', method.kind, ifnull(': ' || method.name, '')) AS reason,
       method.kind                    AS kind,
       method.created_at              AS created_at,
       'A'                            AS grade
FROM   authentication_method AS method
JOIN   account ON account.person = method.person
WHERE  method.kind NOT IN ('password');
/*
[[case]]
name = "only the password, which dies with the account"
account = [{ id = "u1", person = "p" }]
authentication_method = [{ id = "m1", person = "p", kind = "password" }]
expect = "pass"

[[case]]
name = "a security key"
account = [{ id = "u1", person = "p" }]
authentication_method = [{ id = "m1", person = "p", kind = "fido2", name = "Red key" }]
expect = { "entra:user/u1/method/m1" = "fail" }

[[case]]
name = "methods could not be listed"
account = [{ id = "u1", person = "p" }]
incomplete = ["authentication_method"]
expect = "unknown"
*/
