/* From raw text to typed cells, with the reading rules that each cell breaks. Nothing is guessed. */

const READ = Object.fromEntries(Object.entries(DATA.reading).map(([name, source]) => [name, pattern(source)]));
const GROUPED_FNR = pattern("^(\\d{6})[ \u00a0](\\d{5})$");
const BLANK_IN_NUMBER = /[ \u00a0\u202f]/g;
const WHOLE = 2 ** DATA.whole_power; // beyond it a number loses digits
const REAL = ["fnr", "dnr", "hnr"];

/** Per reading rule whether a cell breaks it. `cell` is never null; `exact`: the source had typed numbers. */
const READING_RULES = {
  JS104: (cell, column) => hasValue(cell) && !isDateShaped(cell) && !READ.short_year.test(cell),
  JS105: (cell) => READ.short_year.test(cell),
  JS106: (cell) => isDateShaped(cell) && dateOf(cell) === null,
  JS107: (cell, column, exact) => hasValue(cell) && numberOf(cell, column, exact) === null,
  JS108: function (cell, column, exact) {
    const number = numberOf(cell, column, exact);
    return number !== null && Math.floor(number) !== number;
  },
  JS109: (cell) => READ.exponent.test(cell),
  JS110: (cell) => READ.sheet_error.test(cell),
  JS111: (cell) => READ.mojibake.test(cell),
  JS112: (cell) => [...cell].length > DATA.limits.cell_characters,
  JS114: (cell, column) => pattern(DATA.short_by_one[column.name]).test(cell),
  JS115: (cell) => hasValue(cell) && countryOf(cell) === null,
  JS116: (cell) => cell === UNCOMPUTED,
  JS120: (cell) => identityKind(cell) === "invalid" && !READ.exponent.test(cell) && hasValue(cell),
  JS121: (cell) => identityKind(cell) === "ten_digits",
  JS122: (cell) => identityKind(cell) === "duf",
  JS123: (cell) => DATA.demo && REAL.includes(identityKind(cell)),
  JS124: (cell) => !DATA.demo && identityKind(cell) === "synthetic",
  JS125: (cell) => identityKind(cell) === "hnr",
  JS127: (cell, column) => holdsIdentity(column.kind === "text" ? cell : asWholeNumber(cell)),
  JS128: (cell) => READ.shaped.test(cell),
};

/** The table's rows with typed values, and the reading rules they break: `{rows, broken}`. */
function typed(table, raw, exact) {
  const columns = DATA.tables[table].columns;
  const reading = DATA.checks[table].filter((check) => check.kind === "parse");
  const broken = [];
  const rows = raw.map(function (line) {
    const texts = {};
    for (const column of columns) texts[column.name] = line.raw[column.name] === undefined ? null : line.raw[column.name];
    if (texts.fnr) texts.fnr = texts.fnr.replace(GROUPED_FNR, "$1$2");
    for (const check of reading) {
      const cell = texts[check.column];
      if (cell !== null && READING_RULES[check.code](cell, columnOf(table, check.column), exact)) {
        broken.push({ table: table, code: check.code, column: check.column, row: line.row });
      }
    }
    const row = { row: line.row };
    for (const column of columns) row[column.name] = texts[column.name] === null ? null : valueOf(texts[column.name], column, exact);
    return row;
  });
  return { rows: rows, broken: broken };
}

function columnOf(table, name) {
  return DATA.tables[table].columns.find((column) => column.name === name);
}

/** Neither a spreadsheet's error nor a formula that it never computed: these have rules of their own. */
function hasValue(cell) {
  return cell !== UNCOMPUTED && !READ.sheet_error.test(cell);
}

function valueOf(cell, column, exact) {
  if (column.kind === "date") return dateOf(cell);
  if (column.kind === "float") return numberOf(cell, column, exact);
  if (column.kind === "int") {
    const number = numberOf(cell, column, exact);
    return number !== null && Math.floor(number) === number ? number + 0 : null;
  }
  if (column.name === "landbakgrunn") return countryOf(cell);
  if (column.codes.length) return column.codes.find((code) => fold(code) === fold(cell)) || cell;
  return cell;
}

function isDateShaped(cell) {
  return READ.iso.test(cell) || READ.norwegian.test(cell);
}

function dateOf(cell) {
  if (READ.iso.test(cell)) return calendarDay(Number(cell.slice(0, 4)), Number(cell.slice(5, 7)), Number(cell.slice(8, 10)));
  if (!READ.norwegian.test(cell)) return null;
  const [day, month, year] = cell.split(".").map(Number);
  return calendarDay(year, month, day);
}

/** Decimal comma, blanks between thousands; a dot before three digits is unclear unless the source was typed. */
function numberOf(cell, column, exact) {
  if (!READ.number.test(cell) || (!exact && READ.unclear_dot.test(cell))) return null;
  const number = Number(cell.replace(BLANK_IN_NUMBER, "").replace(",", "."));
  if (column.kind === "int") return Math.abs(number) < WHOLE ? number : null;
  return Number.isFinite(number) ? number : null;
}

/** The digits of a whole number, with the leading zero that a spreadsheet may have eaten. */
function asWholeNumber(cell) {
  return cell.replace(BLANK_IN_NUMBER, "").replace(/[.,]0+$/, "").replace(/^[+-]?(\d{10})$/, "0$1");
}

function countryOf(cell) {
  const folded = fold(cell);
  return Object.hasOwn(DATA.countries, folded) ? DATA.countries[folded] : null;
}
