/* From rows of text cells to one table's raw rows: the header found by its names, totals and blank rows left out. */

const BLANKS = DATA.sheet.blanks;

/** Index of the row, among the first, that names most of the table's columns (the first of equals). */
function findHeader(rows, table) {
  const counts = rows.slice(0, DATA.limits.header_rows).map((row) => columnsOf(row, table).size);
  const most = counts.reduce((a, b) => Math.max(a, b), 0);
  if (most < (DATA.tables[table].required.length ? 2 : 1)) throw refuse("JS026", table);
  return counts.indexOf(most);
}

function headerName(table, cell) {
  const folded = cell ? fold(cell) : "";
  const known = DATA.tables[table].header;
  return folded && Object.hasOwn(known, folded) ? known[folded] : null;
}

/** Column name to its place; the first place when named twice. */
function columnsOf(row, table) {
  const places = new Map();
  row.cells.forEach(function (cell, place) {
    const name = headerName(table, cell);
    if (name !== null && !places.has(name)) places.set(name, place);
  });
  return places;
}

/** Put the rows under the header into `reading.tables`: number and one text per known column (JS025, JS028, JS030, JS031, JS033, JS036). */
function readRows(rows, header, table, reading) {
  const places = columnsOf(rows[header], table);
  refuseBadHeader(rows[header], places, table);
  noteHeader(rows[header], places, table, reading);
  const body = rows.slice(header + 1).filter((row) => row.cells.some((c) => c && strip(c, BLANKS)));
  const totals = body.filter((row) => isTotal(row, places, table)).map((row) => row.number);
  if (totals.length) reading.findings.push(found("JS036", table, null, totals, totals.length));
  const left = new Set(totals);
  const kept = body.filter((row) => !left.has(row.number));
  if (!kept.length && !DATA.tables[table].optional) reading.findings.push(found("JS030", table));
  reading.tables.set(table, kept.map(function (row) {
    const raw = {};
    for (const [name, place] of places) raw[name] = cellAt(row, place);
    return { row: row.number, raw: raw };
  }));
}

function refuseBadHeader(row, places, table) {
  const named = row.cells.map((cell) => headerName(table, cell)).filter((name) => name !== null);
  const twice = [...new Set(named.filter((name, at) => named.indexOf(name) !== at))].sort();
  if (twice.length) throw refuse("JS028", table, twice[0], [row.number]);
  const missing = DATA.tables[table].required.filter((name) => !places.has(name));
  if (missing.length) throw refuse("JS025", table, missing.join(", "), [row.number]);
}

function noteHeader(row, places, table, reading) {
  reading.header_row[table] = row.number;
  if (row.number > 1) reading.findings.push(found("JS033", table, null, [row.number]));
  const taken = new Set(places.values());
  row.cells.forEach(function (cell, place) {
    if (!taken.has(place) && cell && strip(cell, BLANKS)) reading.findings.push(found("JS031", table, `kolonne ${place + 1}`, [row.number]));
  });
}

/** A row whose first filled cell says "sum", with at least one key cell empty. */
function isTotal(row, places, table) {
  const first = row.cells.find((c) => c && strip(c, BLANKS)) || "";
  if (!isLabel(first)) return false;
  const keys = DATA.tables[table].key.filter((k) => places.has(k)).map((k) => places.get(k));
  return keys.length === 0 || keys.some((place) => cellAt(row, place) === null || isLabel(cellAt(row, place)));
}

function isLabel(text) {
  return DATA.sheet.totals.includes(fold(text.replace(/[: ]+$/, "")));
}

function cellAt(row, place) {
  const text = place < row.cells.length ? row.cells[place] : null;
  return (text && strip(text, BLANKS)) || null;
}
