// Holds src/source/github/requests.toml and the GraphQL queries in the source against the vendor's descriptions.
// What the packages do not carry is counted and said, not passed over.
const fs = require('fs')
const path = require('path')
const { parse } = require('smol-toml')
const { buildSchema, parse: parseQuery, validate } = require('graphql')

const root = process.argv[2]
const generated = path.join(__dirname, 'node_modules/@octokit/openapi/generated')
const read = name => JSON.parse(fs.readFileSync(path.join(generated, name)))
const cloud = read('ghec.json')
const servers = fs.readdirSync(generated).filter(name => /^ghes-[\d.]+\.json$/.test(name)).map(name => [name, read(name)])
const table = parse(fs.readFileSync(path.join(root, 'src/source/github/requests.toml'), 'utf8'))

const wrong = []
const unchecked = new Set()
const shape = text => text.replace(/\{[^}]*\}/g, '{}')
const byShape = api => new Map(Object.entries(api.paths).map(([name, item]) => [shape(name), item]))
const paths = byShape(cloud)
const serverPaths = servers.map(([name, api]) => [name, byShape(api)])
const resolve = (api, what) => (what.$ref ? what.$ref.slice(2).split('/').reduce((at, key) => at[key], api) : what)

for (const request of table.request.filter(one => one.path !== '/graphql')) {
  const name = `${request.method} ${request.path}`
  const item = paths.get(shape(request.path))
  const operation = item && item[request.method.toLowerCase()]
  if (!operation) { wrong.push(`${name}: no such request`); continue }
  const described = [...(item.parameters || []), ...(operation.parameters || [])].map(one => resolve(cloud, one))
  const known = new Set(described.filter(one => one.in === 'query').map(one => one.name.replace('[]', '')))
  for (const parameter of request.query || []) {
    if (!known.has(parameter.replace('[]', ''))) wrong.push(`${name}: no parameter ${parameter}`)
  }
  for (const [server, its] of serverPaths) {
    const has = Boolean(its.get(shape(request.path))?.[request.method.toLowerCase()])
    if (has !== (request.server !== false)) wrong.push(`${name}: ${server} ${has ? 'has' : 'has not'} it`)
  }
}

// The list of permissions in the description is not whole: the others are told apart, not taken for wrong.
const permissions = cloud.components.schemas['app-permissions'].properties
for (const need of new Set(table.request.flatMap(request => request.needs))) {
  const [permission, level] = need.split('=')
  if (!level) continue
  if (!permissions[permission]) unchecked.add(permission)
  else if (permissions[permission].enum && !permissions[permission].enum.includes(level)) wrong.push(`${need}: no such level`)
}

// It defines two fields of enterprises twice, which a strict reader refuses.
const schema = buildSchema(fs.readFileSync(path.join(__dirname, 'node_modules/@octokit/graphql-schema/schema.graphql'), 'utf8'), { assumeValidSDL: true })
const sources = fs.readdirSync(path.join(root, 'src/source/github'), { recursive: true }).filter(name => name.endsWith('.rs'))
const named = new Set(table.request.map(request => request.operation).filter(Boolean))
let queries = 0
for (const file of sources) {
  const text = fs.readFileSync(path.join(root, 'src/source/github', file), 'utf8')
  for (const [, name, literal] of text.matchAll(/Query::new\(\s*"(\w+)",\s*"((?:[^"\\]|\\[\s\S])*)"/g)) {
    const query = literal.replace(/\\\n\s*/g, '').replace(/\\"/g, '"')
    queries += 1
    for (const error of validate(schema, parseQuery(query))) wrong.push(`${name}: ${error.message}`)
    if (!named.delete(name)) wrong.push(`${name}: not in the table`)
  }
}
for (const name of named) wrong.push(`${name}: in the table, and nowhere in the source`)
if (queries < 4) wrong.push(`only ${queries} queries were found`)

console.log(`requests: ${table.request.length} of GitHub, ${queries} queries, ${servers.length} versions of Enterprise Server`)
console.log(`permissions that the description does not carry: ${[...unchecked].sort().join(', ')}`)
if (wrong.length > 0) {
  console.error(wrong.join('\n'))
  process.exit(1)
}
