/* One sheet's XML: what its cells hold, and what marks them.

   Values become the same text as the intake's reader gives: whole numbers without exponent, at most nine decimals, dates
   with their time, true and false in English. */

const DAY_MS = 86400000;
const FIRST_DAY = -25569; // 1899-12-30 in days from 1970
const DAYS_1904 = 1462;
const LAST_YEAR = 262142; // beyond it the intake's reader has no date
const AREA = /^[A-Za-z]+\d+(?::[A-Za-z]+\d+)?$/;
const HIDDEN = /\bhidden="(?:1|true)"/;
// A spreadsheet keeps 15 digits: what stands behind them is not what was typed.
const OVERLONG = /^(?:\d{16,}|\d(?:\.\d+)?[eE]\+?(?:1[5-9]|[2-9]\d|\d{3}))$/;
const KNOWN_ERRORS = ["#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"];

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
