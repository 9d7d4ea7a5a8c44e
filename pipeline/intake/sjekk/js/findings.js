/* What is said about a delivery: where and which rule, never a value from the data. */

const FIRST_ROWS = DATA.first_rows;
const SEVERITIES = DATA.severities;

/** The file is refused by a fatal rule; carries the finding. */
class Refused extends Error {
  constructor(finding) {
    super(finding.code);
    this.finding = finding;
  }
}

/** The page cannot read this form of file; the intake can. Not a finding: `key` names the text that says so. */
class Unread extends Error {
  constructor(key) {
    super(key);
    this.key = key;
  }
}

function found(code, table, column, rows, count) {
  const listed = rows || [];
  return { code: code, table: table || null, column: column || null, rows: listed.slice(0, FIRST_ROWS), count: count === undefined ? Math.max(1, listed.length) : count };
}

function refuse(code, table, column, rows) {
  return new Refused(found(code, table, column, rows));
}

/** Row findings as findings, one per table, rule and column. */
function grouped(rowFindings) {
  const groups = new Map();
  for (const f of rowFindings) {
    const key = [f.table, f.code, f.column].join("\u001f");
    if (!groups.has(key)) groups.set(key, { code: f.code, table: f.table, column: f.column, all: [] });
    groups.get(key).all.push(f.row);
  }
  return [...groups.values()].map(function (g) {
    g.all.sort((a, b) => a - b);
    return found(g.code, g.table, g.column, g.all, g.all.length);
  });
}

/** The gravest first, then by table, rule and column: the receipt's order. */
function inOrder(findings) {
  const keyed = findings.map((f) => [-SEVERITIES.indexOf(DATA.rules[f.code].severity), f.table || "", f.code, f.column || "", f]);
  keyed.sort(function (a, b) {
    for (let i = 0; i < 4; i += 1) {
      if (a[i] < b[i]) return -1;
      if (a[i] > b[i]) return 1;
    }
    return 0;
  });
  return keyed.map((k) => k[4]);
}
