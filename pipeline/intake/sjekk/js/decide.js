/* From broken rules to a decision: which rows would be taken in, and what would become of the delivery. */

const CELL_RULES = {
  required: (value) => value === null,
  codes: (value, check, column) => value !== null && !column.codes.includes(value),
  range: (value, check, column) => value !== null && ((column.minimum !== null && value < column.minimum) || (column.maximum !== null && value > column.maximum)),
  pattern: (value, check) => value !== null && !pattern(check.pattern).test(value),
};

/** Every broken rule of one table, as row findings that say something of their own. */
function judgeTable(table, typedTable, tables, sender, today) {
  const rows = typedTable.rows;
  const broken = [...typedTable.broken];
  const note = (check, row) => broken.push({ table: table, code: check.code, column: check.column, row: row.row });
  for (const check of DATA.checks[table]) {
    const column = columnOf(table, check.column);
    if (check.kind in CELL_RULES) rows.filter((row) => CELL_RULES[check.kind](row[check.column], check, column)).forEach((row) => note(check, row));
    else if (check.code in ROW_RULES) rows.filter((row) => ROW_RULES[check.code](row, check.column, today, sender)).forEach((row) => note(check, row));
    else if (check.code in TABLE_RULES) {
      if (table !== "innsending" || check.code === "JS306") TABLE_RULES[check.code](table, rows).forEach((row) => note(check, row));
    } else if (check.code in RELATION_RULES) RELATION_RULES[check.code](table, rows, tables, sender).forEach((row) => note(check, row));
  }
  return relevant(table, broken, rows);
}

/** Without what an unreadable cell breaks besides, without cells that a withdrawing row may leave empty, and without participations
    that are missed of a number that is an error itself. */
function relevant(table, broken, rows) {
  const kindOf = (f) => DATA.rules[f.code].kind;
  const cell = (f) => `${f.row}\u001f${f.column}`;
  const unread = new Set(broken.filter((f) => kindOf(f) === "parse" && DATA.rules[f.code].severity === "error").map(cell));
  const wrong = new Set(broken.filter((f) => f.column === "fnr" && DATA.rules[f.code].severity === "error").map(cell));
  const byRow = new Map(rows.map((row) => [row.row, row]));
  return broken.filter(function (f) {
    if (f.code === "JS209") return !wrong.has(cell(f));
    if (!(kindOf(f) in CELL_RULES)) return true;
    return !unread.has(cell(f)) && !(kindOf(f) === "required" && isNeedless(table, byRow.get(f.row), f.column));
  });
}

function isNeedless(table, row, column) {
  if (!isWithdrawing(row)) return false;
  if (!DATA.tables[table].key.includes(column)) return true;
  return table === "deltaker" && row.deltakelse_id !== null && ["fnr", "start_dato"].includes(column);
}

/** Rows of one table by fate; the four fates add up to `rows_in`. */
function countFates(rows, broken) {
  const wrong = new Set(broken.filter((f) => DATA.rules[f.code].severity === "error").map((f) => f.row));
  const again = new Set(broken.filter((f) => f.code === "JS217").map((f) => f.row));
  const counts = { rows_in: rows.length, accepted: 0, quarantined: 0, withdrawn: 0, duplicates: 0 };
  for (const row of rows) {
    const fate = wrong.has(row.row) ? "quarantined" : again.has(row.row) ? "duplicates" : isWithdrawing(row) ? "withdrawn" : "accepted";
    counts[fate] += 1;
  }
  return counts;
}

/** The decision by the highest severity; a delivery of which no row would be taken in is rejected. */
function stateOf(findings, tables) {
  const broken = findings.map((f) => DATA.rules[f.code]);
  const decisions = broken.filter((r) => r.severity === "fatal").map((r) => r.decision);
  if (decisions.length) return decisions.includes("quarantined") ? "quarantined" : "rejected";
  const counts = Object.values(tables);
  const rowsIn = counts.reduce((sum, t) => sum + t.rows_in, 0);
  if (rowsIn && counts.reduce((sum, t) => sum + t.quarantined, 0) === rowsIn) return "rejected";
  const worst = broken.reduce((most, r) => Math.max(most, SEVERITIES.indexOf(r.severity)), 0);
  return worst >= SEVERITIES.indexOf("remark") ? "accepted_with_remarks" : "accepted";
}

/** The receipt that a delivery would get. Findings that earlier deliveries could settle stand in `open`, and decide nothing.

    @param today day of receipt as 2024-02-01 */
async function checkDelivery(bytes, fileName, sender, today) {
  const reading = await readDelivery(bytes, fileName);
  const receipt = { form: reading.form, encoding: reading.encoding, delimiter: reading.delimiter, header_row: reading.header_row, tables: {} };
  const isFatal = reading.findings.some((f) => DATA.rules[f.code].severity === "fatal");
  const rowFindings = [];
  if (isFatal) {
    for (const [name, rows] of reading.tables) receipt.tables[name] = { rows_in: rows.length, accepted: 0, quarantined: rows.length, withdrawn: 0, duplicates: 0 };
  } else {
    const typedTables = new Map([...reading.tables].map(([name, raw]) => [name, typed(name, raw, reading.form === "xlsx")]));
    const rowsByTable = new Map([...typedTables].map(([name, t]) => [name, t.rows]));
    for (const [name, t] of typedTables) {
      const broken = judgeTable(name, t, rowsByTable, sender, isoDay(today));
      receipt.tables[name] = countFates(t.rows, broken);
      rowFindings.push(...broken);
    }
  }
  const all = inOrder([...reading.findings, ...grouped(rowFindings)]);
  receipt.findings = all.filter((f) => !DATA.open_codes.includes(f.code));
  receipt.open = all.filter((f) => DATA.open_codes.includes(f.code));
  receipt.state = stateOf(receipt.findings, receipt.tables);
  return receipt;
}

/** Codes of the rules that are computed here: those with a function of their own, and the kinds judged on the cell alone. */
function implementedCodes() {
  const own = [...Object.keys(READING_RULES), ...Object.keys(ROW_RULES), ...Object.keys(TABLE_RULES), ...Object.keys(RELATION_RULES)];
  const ofKinds = Object.keys(DATA.rules).filter((code) => DATA.rules[code].kind in CELL_RULES);
  return [...new Set([...own, ...ofKinds, ...DATA.file_codes])].sort();
}
