/* Workbooks: which sheets there are, what their cells hold, and what marks them (errors, formulas, hidden rows).

   Values become the same text as the intake's reader gives: whole numbers without exponent, at most nine decimals, dates
   with their time, true and false in English. */

const UNCOMPUTED = DATA.workbook.uncomputed;
const DAY_MS = 86400000;
const FIRST_DAY = -25569; // 1899-12-30 in days from 1970
const DAYS_1904 = 1462;
const LAST_YEAR = 262142; // beyond it the intake's reader has no date
const DIMENSION = /<(?:\w+:)?dimension\b[^>]*\bref="([A-Z]+)(\d+)(?::([A-Z]+)(\d+))?"/g;
const ROW_TAG = /<(?:\w+:)?row\b([^>]*)>/g;
const ROW_NUMBER = /\br="(\d+)"/;
const AREA = /^[A-Za-z]+\d+(?::[A-Za-z]+\d+)?$/;
const HIDDEN = /\bhidden="(?:1|true)"/;
const OFFICE_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
// Number formats that every workbook has without naming them: dates, times, elapsed time.
const DATED_BUILT_IN = ["14", "15", "16", "17", "18", "19", "20", "21", "22", "45", "46", "47"];
// A spreadsheet keeps 15 digits: what stands behind them is not what was typed.
const OVERLONG = /^(?:\d{16,}|\d(?:\.\d+)?E\+(?:1[5-9]|[2-9]\d|\d{3}))$/;
const KNOWN_ERRORS = ["#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"];

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
  return elementsOf(strictXml(files.get("xl/workbook.xml")), "sheet").map(function (sheet) {
    const target = targets.get(sheet.getAttributeNS(OFFICE_RELATIONS, "id")) || "";
    const path = target.startsWith("/") ? target.slice(1) : `xl/${target}`;
    return { name: sheet.getAttribute("name") || "", content: part(files, path) };
  });
}

/** What cells refer to: shared texts, the kind of each style, the date system. */
function openBook(files) {
  if (!namesDocument(new XmlReader(part(files, "_rels/.rels")))) throw new Error("relations");
  const settings = elementsOf(strictXml(files.get("xl/workbook.xml")), "workbookPr")[0];
  const from1904 = settings !== undefined && ["1", "true"].includes(settings.getAttribute("date1904"));
  return { texts: sharedTexts(part(files, "xl/sharedStrings.xml")), dated: datedStyles(part(files, "xl/styles.xml")), from1904: from1904 };
}

/** Whether the package's relations, read to their end, say where the document is. */
function namesDocument(xml) {
  let named = false;
  for (let piece = xml.next(); piece; piece = xml.next()) {
    if (piece.kind === "end" && piece.name === "Relationships") return named;
    if (piece.kind !== "start" || piece.name !== "Relationship") continue;
    const told = attributesOf(piece, "Type", "Target");
    named = named || (told.Target !== undefined && /^[^\ufffd]*\/officeDocument$/.test(told.Type || ""));
  }
  return false;
}

function sharedTexts(bytes) {
  const texts = [];
  if (!bytes) return texts;
  const xml = new XmlReader(bytes);
  for (let piece = xml.next(); ; piece = xml.next()) {
    if (!piece) throw new Error("end");
    if (piece.kind === "start" && piece.name === "si") texts.push(richText(xml, "si"));
    if (piece.kind === "end" && piece.name === "sst") return texts;
  }
}

/** The text of `si` or `is`: its runs joined, phonetic guides left out. */
function richText(xml, until) {
  let text = "";
  let phonetic = 0;
  for (let piece = xml.next(); ; piece = xml.next()) {
    if (!piece) throw new Error("end");
    if (piece.kind === "end" && piece.name === until) return text;
    if (piece.name === "rPh") phonetic += piece.kind === "start" ? 1 : -1;
    if (piece.kind === "start" && piece.name === "t" && !phonetic) {
      const kept = attributesOf(piece, "xml:space")["xml:space"] === "preserve";
      const run = textUntil(xml, "t", ["text", "data"]);
      text += unescapeCharacters(kept ? run : strip(run, " \t\r\n"));
    }
  }
}

/** The text up to the end of the element that has just begun; others of its name inside it end by themselves. */
function textUntil(xml, name, kinds) {
  let text = "";
  let inside = 0;
  for (let piece = xml.next(); ; piece = xml.next()) {
    if (!piece) throw new Error("end");
    if (piece.kind === "end" && piece.name === name && inside === 0) return text;
    if (piece.name === name) inside += piece.kind === "start" ? 1 : -1;
    if (kinds.includes(piece.kind)) text += piece.text;
  }
}

/** Characters that XML cannot hold are written _x000D_. */
function unescapeCharacters(text) {
  return text.includes("_x") ? text.replace(/_x([0-9a-fA-F]{4})_/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))) : text;
}

/** Per style whether its number format shows a date or a time. */
function datedStyles(bytes) {
  if (!bytes) return [];
  const formats = {};
  const dated = [];
  let inCells = false;
  const xml = new XmlReader(bytes);
  for (let piece = xml.next(); piece; piece = xml.next()) {
    if (piece.name === "cellXfs") inCells = piece.kind === "start";
    if (piece.kind !== "start") continue;
    if (piece.name === "numFmt") {
      const told = attributesOf(piece, "numFmtId", "formatCode");
      if (told.formatCode) formats[told.numFmtId] = told.formatCode;
    }
    if (inCells && piece.name === "xf") {
      const id = attributesOf(piece, "numFmtId").numFmtId;
      dated.push(Object.hasOwn(formats, id) ? isDateFormat(formats[id]) : DATED_BUILT_IN.includes(id));
    }
  }
  return dated;
}

/** Whether the first section of a number format has a date's or a time's letter, read as the intake's reader reads it:
    escapes, quotes and brackets passed over, elapsed time ([h]) and the halves of a day (AM/PM) counted. */
function isDateFormat(format) {
  let escaped = false;
  let quoted = false;
  let brackets = 0;
  let before = " ";
  let elapsed = false;
  let half = false;
  for (const c of format) {
    if (escaped) escaped = false;
    else if ("_\\*".includes(c)) escaped = true;
    else if (quoted) quoted = c !== '"';
    else if (c === '"') quoted = true;
    else if (c === ";") return false;
    else if (c === "[") brackets += 1;
    else if (c === "]" && brackets === 1 && elapsed) return true;
    else if (c === "]") brackets = Math.max(0, brackets - 1);
    else if (/[aA]/.test(c) && !half && brackets === 0) half = true;
    else if (/[pm/]/i.test(c) && half && brackets === 0) return true;
    else if (/[dmhys]/i.test(c) && !half && brackets === 0) return true;
    else if (!(elapsed && c.toLowerCase() === before.toLowerCase())) elapsed = before === "[" && /[mhs]/i.test(c);
    before = c;
  }
  return false;
}

/** Values and marks of one sheet; rows count from 1, columns from 0. */
function readCells(book, bytes) {
  if (!bytes) throw new Error("missing");
  const xml = new XmlReader(bytes);
  const sheet = { values: [], errors: [], uncomputed: [], formulas: [], hidden: [], left: Infinity, first: Infinity, right: -1, bottom: 0 };
  let inData = false;
  let row = 1;
  let column = 0;
  for (let piece = xml.next(); ; piece = xml.next()) {
    if (!piece) throw new Error("end");
    if (piece.name === "sheetData" && piece.kind === "end" && inData) return sheet;
    if (piece.name === "sheetData" && piece.kind === "start") inData = true;
    if (piece.name === "dimension" && piece.kind === "start" && !inData && !AREA.test(attributesOf(piece, "ref").ref || "")) throw new Error("dimension");
    if (!inData || piece.kind === "text") continue;
    if (piece.name === "row" && piece.kind === "start") {
      const told = attributesOf(piece, "r");
      if (told.r !== undefined && !/^\d+$/.test(told.r)) throw new Error("row");
      if (told.r) row = Number(told.r);
      if (HIDDEN.test(piece.attributes)) sheet.hidden.push(row);
    } else if (piece.name === "row") {
      row += 1;
      column = 0;
    } else if (piece.name === "c" && piece.kind === "start") {
      const told = attributesOf(piece, "r", "s", "t");
      const place = placeOf(told.r);
      if (place) column = place[1];
      keepCell(book, sheet, readCell(xml), told, place || [row, column]);
      column += 1;
    }
  }
}

function placeOf(reference) {
  const match = /^([A-Za-z]+)(\d+)$/.exec(reference || "");
  if (reference && !match) throw new Error("reference");
  return match ? [Number(match[2]), columnNumber(match[1])] : null;
}

/** What stands inside one cell: formula or not, stored text, inline text. */
function readCell(xml) {
  const cell = { formula: false, value: null, inline: null };
  for (let piece = xml.next(); ; piece = xml.next()) {
    if (!piece) throw new Error("end");
    if (piece.kind === "end" && piece.name === "c") return cell;
    if (piece.kind !== "start") continue;
    if (piece.name === "is") cell.inline = richText(xml, "is");
    else if (piece.name === "v") cell.value = textUntil(xml, "v", ["text"]);
    else if (piece.name === "f") {
      textUntil(xml, "f", []);
      cell.formula = true;
    } else throw new Error("node");
  }
}

function keepCell(book, sheet, cell, told, place) {
  const value = cellText(book, cell, told);
  if (value !== undefined) {
    sheet.values.push([place[0], place[1], value]);
    sheet.first = Math.min(sheet.first, place[1]);
    sheet.right = Math.max(sheet.right, place[1]);
    sheet.bottom = Math.max(sheet.bottom, place[0]);
  }
  if (!cell.formula && cell.value === null && cell.inline === null) return;
  if (cell.formula && !cell.value && cell.inline === null && told.t !== "str") {
    sheet.uncomputed.push(place);
    return;
  }
  sheet.left = Math.min(sheet.left, place[1]);
  if (told.t === "e") sheet.errors.push(place);
  if (cell.formula) sheet.formulas.push(place[0]);
}

/** The cell's value as text, null for a value without text, undefined for an empty cell. */
function cellText(book, cell, told) {
  if (cell.inline !== null) return cell.inline;
  if (cell.value === null || told.t === "inlineStr") return undefined;
  if (told.t === "str") return cell.value;
  if (told.t === "d") return cell.value;
  if (cell.value === "") return undefined;
  if (told.t === "s") return sharedText(book, cell.value);
  if (told.t === "b") return cell.value === "0" ? "false" : "true";
  if (told.t === "e") return errorText(cell.value);
  if (told.t !== undefined && told.t !== "n") throw new Error("type");
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(cell.value)) {
    if (told.t === "n") throw new Error("number");
    return cell.value;
  }
  const number = Number(cell.value);
  const text = told.s !== undefined && book.dated[Number(told.s)] ? dateText(number, book.from1904) : numberText(number);
  return text !== null && OVERLONG.test(cell.value) ? `${text}E+0` : text;
}

function sharedText(book, value) {
  const index = /^\d+$/.test(value) ? Number(value) : 0;
  if (index >= book.texts.length) throw new Error("text");
  return book.texts[index];
}

function errorText(value) {
  if (!KNOWN_ERRORS.includes(value)) throw new Error("error");
  return null;
}

/** At most nine decimals, never an exponent. */
function numberText(number) {
  if (Math.abs(number) >= 1e21) return String(BigInt(number));
  const text = number.toFixed(9).replace(/0+$/, "").replace(/\.$/, "");
  return Object.is(number, -0) ? "-0" : text;
}

function dateText(serial, from1904) {
  const counted = from1904 ? serial + DAYS_1904 : serial;
  const ms = Math.round((counted < 60 ? counted + 1 : counted) * DAY_MS);
  const days = Math.floor(ms / DAY_MS);
  const [year, month, day] = civil(days + FIRST_DAY);
  if (Math.abs(year) > LAST_YEAR || !Number.isFinite(year)) return null;
  const left = ms - days * DAY_MS;
  const two = (n) => String(n).padStart(2, "0");
  const sign = year > 9999 ? "+" : year < 0 ? "-" : "";
  const time = `${two(Math.floor(left / 3600000))}:${two(Math.floor(left / 60000) % 60)}:${two(Math.floor(left / 1000) % 60)}`;
  const rest = left % 1000 ? `.${String(left % 1000).padStart(3, "0")}` : "";
  return `${sign}${String(Math.abs(year)).padStart(4, "0")}-${two(month)}-${two(day)} ${time}${rest}`;
}
