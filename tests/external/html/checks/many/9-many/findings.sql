/*
title    = "Many things were found"
severity = "medium"
why      = "A page has to stay usable however much was found."
fix      = "Search it."
monotone = true
*/
WITH RECURSIVE
  n(at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM n WHERE at < 10000)
SELECT person.id AS person,
       printf('azure:/subscriptions/6a000000-0000-4000-8000-%012d/resourcegroups/rg-%d/roleassignments/%d', at, at, at) AS subject,
       'fail'    AS status,
       CASE at % 3 WHEN 0 THEN 'critical' WHEN 1 THEN 'medium' WHEN 2 THEN 'low' END AS severity,
       printf('Contributor on /subscriptions/6a000000-0000-4000-8000-%012d/resourcegroups/rg-%d', at, at) AS reason,
       'B'       AS grade,
       printf('repo:alice-dev/tools:environment:production-%d', at) AS via
FROM   person
JOIN   n;
