/* Workbooks: which sheets there are, and each known one as rows of texts with its errors, formulas and hidden rows. */

const UNCOMPUTED = DATA.workbook.uncomputed;
const DIMENSION = /<(?:\w+:)?dimension\b[^>]*\bref="([A-Z]+)(\d+)(?::([A-Z]+)(\d+))?"/g;
const ROW_TAG = /<(?:\w+:)?row\b([^>]*)>/g;
const ROW_NUMBER = /\br="(\d+)"/;
const OFFICE_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/** Refuse a workbook with a document type declaration in any part (JS008). */
function refuseDtd(files) {
  for (const [name, content] of files) {
    if (!/\.(xml|rels|vml)$/.test(name.toLowerCase())) continue;
    const text = asLatin(content);
    if (DATA.bytes.dtd.some((word) => text.includes(word))) throw refuse("JS008");
  }
}

/** Read every known sheet into `reading.tables`; unknown sheets are noted. */
function readWorkbook(files, reading) {
  refuseDtd(files);
  reading.form = "xlsx";
  const sheets = orRefuse(() => sheetParts(files));
  for (const sheet of sheets) refuseLarge(asLatin(sheet.content || new Uint8Array()));
  const book = orRefuse(() => openBook(files));
  sheets.forEach(function (sheet, at) {
    const table = sheetNamed(sheet.name);
    if (table === null) {
      if (!DATA.workbook.guides.includes(sheet.name)) reading.findings.push(found("JS032", null, `ark ${at + 1}`));
    } else if (reading.tables.has(table)) throw refuse("JS027", table);
    else readSheet(book, sheet.content, table, reading);
  });
}

function orRefuse(read, table) {
  try {
    return read();
  } catch (fault) {
    throw fault instanceof Refused ? fault : refuse("JS009", table);
  }
}

function readSheet(book, content, table, reading) {
  const sheet = orRefuse(() => readCells(book, content), table);
  const uncomputed = sheet.uncomputed.reduce((last, place) => Math.max(last, place[0]), 0);
  if (uncomputed > DATA.limits.sheet_rows) throw refuse("JS011", table);
  const cells = grid(sheet, uncomputed);
  for (const [places, text] of [[sheet.errors, DATA.workbook.error], [sheet.uncomputed, UNCOMPUTED]]) {
    for (const [row, column] of places) {
      const place = column - sheet.left;
      if (row <= cells.length && place >= 0 && place < cells[row - 1].length) cells[row - 1][place] = text;
    }
  }
  const rows = cells.map((values, at) => ({ number: at + 1, cells: values }));
  const header = findHeader(rows, table);
  readRows(rows, header, table, reading);
  for (const [code, marked] of [["JS034", sheet.hidden], ["JS035", sheet.formulas]]) {
    const below = [...new Set(marked)].filter((row) => row > rows[header].number).sort((a, b) => a - b);
    if (below.length) reading.findings.push(found(code, table, null, below, below.length));
  }
}

/** The rectangle of used cells, from the first row; columns from the first used one. */
function grid(sheet, uncomputed) {
  const width = sheet.right < sheet.first ? 0 : sheet.right - sheet.first + 1;
  const height = Math.max(sheet.bottom, uncomputed);
  const cells = Array.from({ length: height }, () => new Array(width).fill(null));
  for (const [row, column, value] of sheet.values) cells[row - 1][column - sheet.first] = value;
  return cells;
}

function refuseLarge(text) {
  let rows = 0;
  let columns = 0;
  for (const match of text.matchAll(DIMENSION)) {
    rows = Number(match[4] || match[2]);
    columns = columnNumber(match[3] || match[1]) + 1;
  }
  let counted = 0;
  for (const match of text.matchAll(ROW_TAG)) {
    counted += 1;
    const number = ROW_NUMBER.exec(match[1]);
    rows = Math.max(rows, counted, number ? Number(number[1]) : 0);
    if (rows > DATA.limits.sheet_rows) break;
  }
  if (rows > DATA.limits.sheet_rows || columns > DATA.limits.sheet_columns) throw refuse("JS011");
}

function columnNumber(letters) {
  return [...letters].reduce((number, letter) => number * 26 + letter.toUpperCase().charCodeAt(0) - 64, 0) - 1;
}

function part(files, path) {
  const wanted = path.toLowerCase();
  const name = files.has(path) ? path : [...files.keys()].find((n) => n.toLowerCase() === wanted);
  return name === undefined ? null : files.get(name);
}

/** Elements of that name in any namespace, in order. */
function elementsOf(parsed, name) {
  return [...parsed.getElementsByTagNameNS("*", name)];
}

/** Sheets in the workbook's order: name and content (null when the part is missing). */
function sheetParts(files) {
  const relations = elementsOf(strictXml(part(files, "xl/_rels/workbook.xml.rels")), "Relationship");
  const targets = new Map(relations.map((r) => [r.getAttribute("Id"), r.getAttribute("Target") || ""]));
  const sheets = elementsOf(strictXml(files.get("xl/workbook.xml")), "sheet");
  if (sheets.length > DATA.limits.archive_entries) throw refuse("JS005");
  return sheets.map(function (sheet) {
    const target = targets.get(sheet.getAttributeNS(OFFICE_RELATIONS, "id")) || "";
    const path = target.startsWith("/") ? target.slice(1) : `xl/${target}`;
    return { name: sheet.getAttribute("name") || "", content: part(files, path) };
  });
}
