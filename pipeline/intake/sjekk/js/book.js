/* What a workbook's cells refer to: shared texts, which number formats show dates, the date system. */

// Number formats that every workbook has without naming them: dates, times, elapsed time.
const DATED_BUILT_IN = ["14", "15", "16", "17", "18", "19", "20", "21", "22", "45", "46", "47"];

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
