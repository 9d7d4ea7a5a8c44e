/* One file's bytes to raw tables: the form is told by its first bytes, never by its name. */

/** Everything that can be read of one delivery, and why not the rest; a fatal finding leaves the tables as far as they were read. */
async function readDelivery(bytes, fileName) {
  const reading = { findings: [], tables: new Map(), form: null, encoding: {}, delimiter: {}, header_row: {} };
  try {
    await readFile(bytes, fileName, reading);
    if (!reading.tables.size) throw refuse("JS021");
  } catch (fault) {
    if (!(fault instanceof Refused)) throw fault;
    reading.findings.push(fault.finding);
  }
  return reading;
}

async function readFile(bytes, fileName, reading) {
  if (bytes.length > DATA.limits.file_bytes) throw refuse("JS004");
  if (!bytes.length) throw refuse("JS009");
  const start = asLatin(bytes.subarray(0, 16));
  if (start.startsWith("PK")) await readZip(bytes, reading);
  else if (start.startsWith("PAR1")) throw new Unread("unread_parquet");
  else if (start.startsWith(DATA.bytes.ole)) throw refuse(asLatin(bytes).includes(DATA.bytes.encrypted) ? "JS010" : "JS020");
  else if (DATA.bytes.other_forms.some((form) => start.startsWith(form)) || (new RegExp(DATA.bytes.binary).test(asLatin(bytes)) && !markOf(bytes))) throw refuse("JS020");
  else {
    reading.form = "csv";
    const table = tableNamed(fileName);
    if (table === null) throw refuse("JS021");
    readCsv(bytes, table, reading);
  }
}

async function readZip(bytes, reading) {
  const files = await unpack(bytes, openArchive(bytes));
  if (files.has("[Content_Types].xml")) {
    if (!files.has("xl/workbook.xml")) throw refuse("JS020");
    readWorkbook(files, reading);
    return;
  }
  for (const content of files.values()) {
    const start = asLatin(content.subarray(0, 16));
    if (DATA.bytes.archives.some((form) => start.startsWith(form))) throw refuse("JS006");
  }
  reading.form = "zip";
  let number = 0;
  for (const [name, content] of files) {
    number += 1;
    const table = name.toLowerCase().endsWith(".csv") && !name.startsWith("__MACOSX/") ? tableNamed(name) : null;
    if (table === null) reading.findings.push(found("JS032", null, `fil ${number}`));
    else if (reading.tables.has(table)) throw refuse("JS027", table);
    else readCsv(content, table, reading);
  }
}
