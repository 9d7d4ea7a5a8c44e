/* A small forward reader of XML without a document type: tags, text, character data.

   It is as lenient as the intake's reader of workbooks: names of end tags need not match, but there are no more of them than of
   start tags; bytes that are no UTF-8 become a sign that matches nothing. What must be well-formed goes through the browser's own
   parser (`strictXml`). */

const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function unescapeXml(text) {
  const lines = text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
  if (!lines.includes("&")) return lines;
  return lines.replace(/&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));?/g, function (whole, hex, decimal, name) {
    if (hex || decimal) return String.fromCodePoint(parseInt(hex || decimal, hex ? 16 : 10));
    if (!whole.endsWith(";") || !Object.hasOwn(ENTITIES, name)) throw new Error("entity");
    return ENTITIES[name];
  });
}

class XmlReader {
  constructor(bytes) {
    this.source = new TextDecoder("utf-8").decode(bytes);
    this.at = 0;
    this.depth = 0;
    this.pending = null;
  }

  /** The next piece (see `piece`), with an end tag that closes nothing refused. */
  next() {
    const piece = this.piece();
    if (piece && piece.kind === "start") this.depth += 1;
    if (piece && piece.kind === "end") this.depth -= 1;
    if (this.depth < 0) throw new Error("end");
    return piece;
  }

  /** The next piece: {kind: "start" | "end" | "text" | "data" (character data), name, attributes (raw), text}, null at the end. */
  piece() {
    if (this.pending) {
      const piece = this.pending;
      this.pending = null;
      return piece;
    }
    while (this.at < this.source.length) {
      if (this.source[this.at] !== "<") return this.text();
      if (this.source.startsWith("<![CDATA[", this.at)) return { kind: "data", text: this.until("]]>", 9) };
      if (this.source.startsWith("<!--", this.at)) this.until("-->", 4);
      else if (this.source.startsWith("<?", this.at)) this.until("?>", 2);
      else if (this.source.startsWith("<!", this.at)) this.until(">", 2);
      else return this.tag();
    }
    return null;
  }

  text() {
    const end = this.source.indexOf("<", this.at);
    const raw = this.source.slice(this.at, end < 0 ? this.source.length : end);
    this.at += raw.length;
    if (/&(?![^;&]*;)/.test(raw)) throw new Error("entity");
    return { kind: "text", text: unescapeXml(raw) };
  }

  until(mark, skip) {
    const end = this.source.indexOf(mark, this.at + skip);
    if (end < 0) throw new Error("end");
    const content = this.source.slice(this.at + skip, end);
    this.at = end + mark.length;
    return content;
  }

  tag() {
    let end = this.source.indexOf(">", this.at);
    let raw = this.source.slice(this.at + 1, end);
    while (end >= 0 && openQuote(raw)) {
      end = this.source.indexOf(">", end + 1);
      raw = this.source.slice(this.at + 1, end);
    }
    if (end < 0) throw new Error("end");
    this.at = end + 1;
    if (raw[0] === "/") return { kind: "end", name: localName(raw.slice(1).trimEnd()) };
    const empty = raw.endsWith("/");
    const body = empty ? raw.slice(0, -1) : raw;
    const space = body.search(/\s/);
    const name = localName(space < 0 ? body : body.slice(0, space));
    if (empty) this.pending = { kind: "end", name: name };
    return { kind: "start", name: name, attributes: space < 0 ? "" : body.slice(space) };
  }
}

function openQuote(raw) {
  if (!raw.includes('"') && !raw.includes("'")) return false;
  let quote = "";
  for (const c of raw) {
    if (quote) quote = c === quote ? "" : quote;
    else if (c === '"' || c === "'") quote = c;
  }
  return quote !== "";
}

function localName(name) {
  const colon = name.indexOf(":");
  return colon < 0 ? name : name.slice(colon + 1);
}

/** Attributes by name, prefixes kept; what has no quoted value throws.

    @param wanted names asked for: when all are found, what stands behind them is not looked at */
function attributesOf(piece, ...wanted) {
  const found = {};
  const attribute = /\s*([^=]*?)\s*=\s*(?:"([^"]*)"|'([^']*)')/y;
  const end = piece.attributes.trimEnd().length;
  while (attribute.lastIndex < end && !wanted.every((name) => Object.hasOwn(found, name))) {
    const match = attribute.exec(piece.attributes);
    if (!match) throw new Error("attribute");
    if (wanted.includes(match[1])) found[match[1]] = unescapeXml(match[2] === undefined ? match[3] : match[2]);
  }
  return found;
}

/** A part that must be well-formed, as the browser's own parser reads it. */
function strictXml(bytes) {
  const parsed = new DOMParser().parseFromString(new TextDecoder("utf-8", { fatal: true }).decode(bytes), "application/xml");
  if (parsed.getElementsByTagName("parsererror").length) throw new Error("xml");
  return parsed;
}
