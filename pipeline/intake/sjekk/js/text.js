/* Text files: strict decoding, delimiter and header by the file description, ragged rows refused with their line. */

const LINE_ENDS = /\r\n|[\n\r\u000b\u000c\u001c-\u001e\u0085\u2028\u2029]/;

function markOf(bytes) {
  return DATA.encodings.marks.find((m) => m.bytes.every((byte, at) => bytes[at] === byte)) || null;
}

/** Text and the name of its encoding: byte order mark, else strict UTF-8, else strict Windows-1252 (JS022). */
function decodeText(bytes) {
  const mark = markOf(bytes);
  for (const encoding of mark ? [mark.name] : ["utf-8", "cp1252"]) {
    const text = strictly(bytes, encoding, mark);
    if (text !== null && !pattern(DATA.encodings.control).test(text)) return [text, encoding];
  }
  throw refuse("JS022");
}

function strictly(bytes, encoding, mark) {
  if (encoding === "cp1252" && bytes.some((byte) => DATA.encodings.cp1252_undefined.includes(byte))) return null;
  try {
    return new TextDecoder(mark ? mark.label : { "utf-8": "utf-8", cp1252: "windows-1252" }[encoding], { fatal: true, ignoreBOM: !mark }).decode(bytes);
  } catch {
    return null;
  }
}

/** Read one CSV file into `reading.tables`; a row's number is the line on which its record starts. */
function readCsv(bytes, table, reading) {
  const [text, encoding] = decodeText(bytes);
  if (!(table in reading.encoding)) reading.encoding[table] = encoding;
  const delimiter = delimiterOf(text, table);
  const rows = records(text, delimiter, table);
  const header = findHeader(rows, table);
  reading.delimiter[table] = delimiter === "\t" ? "tab" : delimiter;
  const width = rows[header].cells.length;
  const ragged = rows.slice(header + 1).filter((row) => row.cells.length !== width && row.cells.some((c) => c.trim()));
  if (ragged.length) throw refuse("JS023", table, null, ragged.map((row) => row.number));
  readRows(rows, header, table, reading);
}

/** The delimiter that finds most of the table's columns in one of the first lines; the description's order breaks ties. */
function delimiterOf(text, table) {
  const lines = firstLines(text, DATA.limits.header_rows);
  const counts = DATA.encodings.delimiters.map((delimiter) => lines.reduce((most, line) => Math.max(most, knownNames(line, delimiter, table)), 0));
  const most = Math.max(...counts);
  if (most === 0) throw refuse("JS026", table);
  return DATA.encodings.delimiters[counts.indexOf(most)];
}

function firstLines(text, number) {
  const lines = [];
  let rest = text;
  while (lines.length < number && rest) {
    const end = LINE_ENDS.exec(rest);
    lines.push(end ? rest.slice(0, end.index) : rest);
    rest = end ? rest.slice(end.index + end[0].length) : "";
  }
  return lines;
}

function knownNames(line, delimiter, table) {
  return new Set(line.split(delimiter).map((cell) => headerName(table, strip(cell, '" '))).filter((name) => name !== null)).size;
}

/** Records with the line each starts on. A quote inside an unquoted field is a character; after a quoted field only a delimiter may follow (JS024). */
function records(text, delimiter, table) {
  const rows = [];
  let line = 1;
  let at = 0;
  while (at < text.length) {
    const start = line;
    const cells = [];
    for (;;) {
      const field = text[at] === '"' ? quotedField(text, at + 1, delimiter) : plainField(text, at, delimiter);
      if (field === null) throw refuse("JS024", table, null, [start]);
      line += field.lines;
      at = field.end;
      if (cells.length || field.text !== "" || field.quoted || text[at] === delimiter) cells.push(field.text);
      if (text[at] !== delimiter) break;
      at += 1;
      if (at >= text.length) {
        cells.push("");
        break;
      }
    }
    at += text.startsWith("\r\n", at) ? 2 : 1;
    line += 1;
    rows.push({ number: start, cells: cells });
    if (rows.length > DATA.limits.sheet_rows || cells.length > DATA.limits.sheet_columns) throw refuse("JS011", table);
  }
  return rows;
}

function plainField(text, from, delimiter) {
  let at = from;
  while (at < text.length && text[at] !== delimiter && text[at] !== "\n" && text[at] !== "\r") at += 1;
  return { text: text.slice(from, at), end: at, lines: 0, quoted: false };
}

function quotedField(text, from, delimiter) {
  let at = from;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return null;
    if (text[quote + 1] === '"') {
      at = quote + 2;
      continue;
    }
    const after = text[quote + 1];
    if (after !== undefined && after !== delimiter && after !== "\n" && after !== "\r") return null;
    const raw = text.slice(from, quote);
    return { text: raw.replaceAll('""', '"'), end: quote + 1, lines: (raw.match(/\r\n|\r|\n/g) || []).length, quoted: true };
  }
}
