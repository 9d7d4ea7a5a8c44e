/* How names are compared, and how the catalogue's regular expressions are read here. */

/** A pattern of the catalogue (Rust's and Python's syntax: Unicode digits and blanks) as a JavaScript expression. */
function pattern(source, flags) {
  const translated = source.replace(/\\d/g, "\\p{Nd}").replace(/\\D/g, "\\P{Nd}").replace(/\\s/g, "\\p{White_Space}");
  return new RegExp(translated, "u" + (flags || ""));
}

const IGNORED = pattern(DATA.spelling.ignored, "g");

/** The form in which two spellings of one name are equal. */
function fold(name) {
  return plain(name.toLowerCase().replace(IGNORED, ""));
}

function plain(name) {
  return DATA.spelling.letters.reduce((text, pair) => text.replaceAll(pair[0], pair[1]), name.toLowerCase());
}

/** The table that a file's name starts with, else null. */
function tableNamed(name) {
  const folded = fold(name.replaceAll("\\", "/").split("/").pop());
  return DATA.table_names.find((table) => folded.startsWith(DATA.tables[table].folded)) || null;
}

/** The table that a sheet is named as, else null; stricter than for files. */
function sheetNamed(name) {
  const spelled = plain(name);
  return DATA.table_names.find((table) => pattern(DATA.tables[table].sheet).test(spelled)) || null;
}

/** `text` without any of the characters of `blanks` at its ends. */
function strip(text, blanks) {
  let start = 0;
  let end = text.length;
  while (start < end && blanks.includes(text[start])) start += 1;
  while (end > start && blanks.includes(text[end - 1])) end -= 1;
  return text.slice(start, end);
}
