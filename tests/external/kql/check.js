// Reads queries.ndjson and fails unless the parser of Kusto finds each query correct, of the same shape as the one with a
// harmless name, and the name itself as the value of its literals. Also proves that it would notice, and checks the rules.
"use strict";
const fs = require("fs");
const path = require("path");
const vm = require("vm");

const folder = process.argv[2];
const library = path.join(folder, "node_modules/@kusto/language-service-next");
for (const file of ["bridge.min.js", "Kusto.Language.Bridge.min.js"]) {
  vm.runInThisContext(fs.readFileSync(path.join(library, file), "utf8"), { filename: file });
}
const { KustoCode, KustoFacts, GlobalState, Symbols } = globalThis.Kusto.Language;

const TYPES = {
  string: Symbols.ScalarTypes.String, long: Symbols.ScalarTypes.Long, real: Symbols.ScalarTypes.Real,
  datetime: Symbols.ScalarTypes.DateTime, guid: Symbols.ScalarTypes.Guid, dynamic: Symbols.ScalarTypes.Dynamic,
};

function list(found) {
  return Bridge.toArray(found);
}

function isText(token) {
  return /^[@hH]*["']/.test(token.Text);
}

/** The kinds of all tokens and the text of each that is not a string. */
function shape(query) {
  const code = KustoCode.Parse(query);
  const problems = list(code.GetSyntaxDiagnostics()).map((found) => found.Message);
  const tokens = list(code.GetLexicalTokens());
  return {
    problems,
    tokens: tokens.map((token) => (isText(token) ? `${token.Kind}` : `${token.Kind} ${token.Text}`)),
    texts: tokens.filter(isText).map((token) => KustoFacts.GetStringLiteralValue(token.Text)),
  };
}

/** What the analyser says of a query on a table with these columns. */
function meaning(query, schema, name) {
  const columns = schema.map(([column, kind]) => new Symbols.ColumnSymbol(column, TYPES[kind]));
  const table = new Symbols.TableSymbol.$ctor4(name, columns);
  const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor("logs", [table]));
  return list(KustoCode.ParseAndAnalyze(query, globals).GetDiagnostics()).map((found) => `${found.Severity}: ${found.Message}`);
}

/** Why a query with this name is not the harmless one with another name in it; nothing if it is. */
function changed(query, name, harmless) {
  const found = shape(query);
  if (found.problems.length > 0) return found.problems[0];
  if (found.tokens.join("\n") !== harmless.tokens.join("\n")) return "another shape";
  for (const [at, text] of harmless.texts.entries()) {
    const wanted = text === "alice@contoso.com" ? name : text;
    if (found.texts[at] !== wanted) return `the literal ${at} is ${JSON.stringify(found.texts[at])}`;
  }
  return undefined;
}

const counts = { templates: 0, names: 0, failures: 0 };
function fail(what, query) {
  counts.failures += 1;
  if (counts.failures <= 10) console.error(`${what}\n${query}\n`);
}

let harmless;
for (const line of fs.readFileSync(path.join(folder, "queries.ndjson"), "utf8").split("\n").filter(Boolean)) {
  const { schema, table = "MCPAuditLog_CL", harmless: query, name, query: hostile } = JSON.parse(line);
  if (query !== undefined) {
    counts.templates += 1;
    harmless = shape(query);
    [...harmless.problems, ...meaning(query, schema, table)].forEach((problem) => fail(problem, query));
  } else {
    counts.names += 1;
    const why = changed(hostile, name, harmless);
    if (why) fail(`${JSON.stringify(name)}: ${why}`, hostile);
  }
}

// A check that cannot fail proves nothing.
const plain = shape('T | where a in~ ("alice@contoso.com")');
if (!changed('T | where a in~ ("x") or ("" == "")', "x", plain) || !changed('T | where a in~ ("x")', "y", plain) ||
    !changed('T | where a in~ ("x', "x", plain) || meaning("T | where b == 1", [["a", "string"]], "T").length === 0) {
  fail("what is wrong was not noticed", "");
}
if (counts.templates !== 22 || counts.names < 4000) fail(`only ${counts.templates} queries and ${counts.names} names`, "");
console.log(`kql: ${counts.templates} queries analysed, ${counts.names} with hostile names, ${counts.failures} failures`);
process.exit(counts.failures === 0 ? 0 : 1);
