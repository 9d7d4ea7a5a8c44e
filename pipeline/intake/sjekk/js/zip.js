/* Zip containers: everything is measured before anything is unpacked; no entry's name is ever used as a path. */

const CRC_TABLE = (function () {
  const table = new Uint32Array(256);
  for (let n = 0; n < 256; n += 1) {
    let c = n;
    for (let k = 0; k < 8; k += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    table[n] = c >>> 0;
  }
  return table;
})();

function crc32(chunks) {
  let crc = 0xffffffff;
  for (const chunk of chunks) for (let i = 0; i < chunk.length; i += 1) crc = CRC_TABLE[(crc ^ chunk[i]) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** The bytes as one character each: what byte patterns are searched in. */
function asLatin(bytes) {
  const parts = [];
  for (let i = 0; i < bytes.length; i += 32768) parts.push(String.fromCharCode.apply(null, bytes.subarray(i, i + 32768)));
  return parts.join("");
}

/** Entries of the archive's directory, after the limits on names, number, sizes and ratio (JS005, JS007, JS009, JS010). */
function openArchive(bytes) {
  let entries;
  try {
    entries = directory(bytes);
  } catch (fault) {
    if (fault instanceof Refused) throw fault;
    throw refuse("JS009");
  }
  for (const entry of entries) {
    refuseUnsafeName(entry);
    if (entry.flags & 1) throw refuse("JS010");
  }
  const total = entries.reduce((sum, e) => sum + e.size, 0);
  const bomb = total > DATA.limits.archive_ratio_from_bytes && total / Math.max(1, bytes.length) > DATA.limits.archive_ratio;
  if (entries.length > DATA.limits.archive_entries || total > DATA.limits.unpacked_bytes || bomb) throw refuse("JS005");
  return entries;
}

function refuseUnsafeName(entry) {
  const name = entry.original.replaceAll("\\", "/");
  const link = ((entry.attributes >>> 16) & 0xf000) === 0xa000;
  if (name.startsWith("/") || name.split("/").includes("..") || name.includes("\u0000") || name[1] === ":" || link) throw refuse("JS007");
}

/** The end record of the directory: searched backwards, since a comment of up to 65 535 bytes may follow it. */
function endRecord(view) {
  for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 22 - 65535); at -= 1) {
    if (view.getUint32(at, true) === 0x06054b50) {
      const end = { at: at, size: view.getUint32(at + 12, true), offset: view.getUint32(at + 16, true) };
      return at >= 20 && view.getUint32(at - 20, true) === 0x07064b50 ? wideEnd(view, end) : end;
    }
  }
  throw refuse("JS009");
}

function wideEnd(view, end) {
  const at = end.at - 20 - 56;
  if (at < 0 || view.getUint32(at, true) !== 0x06064b50) return end;
  return { at: at, size: Number(view.getBigUint64(at + 40, true)), offset: Number(view.getBigUint64(at + 48, true)) };
}

function directory(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = endRecord(view);
  const shift = end.at - end.size - end.offset; // bytes before the archive
  const first = end.offset + shift;
  if (first < 0) throw refuse("JS009");
  const entries = [];
  for (let at = first; at < first + end.size; ) {
    if (view.getUint32(at, true) !== 0x02014b50 || view.getUint8(at + 6) > 63) throw refuse("JS009");
    const lengths = [view.getUint16(at + 28, true), view.getUint16(at + 30, true), view.getUint16(at + 32, true)];
    const next = at + 46 + lengths[0] + lengths[1] + lengths[2];
    if (next > bytes.length) throw refuse("JS009");
    entries.push(entryAt(bytes, view, at, lengths, shift));
    at = next;
  }
  let after = first;
  for (const entry of [...entries].sort((a, b) => b.header - a.header)) {
    entry.end = after;
    after = entry.header;
  }
  return entries;
}

function entryAt(bytes, view, at, lengths, shift) {
  const flags = view.getUint16(at + 8, true);
  const raw = bytes.subarray(at + 46, at + 46 + lengths[0]);
  const original = entryName(raw, flags);
  const entry = {
    raw: raw, original: original, name: original.split("\u0000")[0], flags: flags, method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true), packed: view.getUint32(at + 20, true), size: view.getUint32(at + 24, true),
    attributes: view.getUint32(at + 38, true), header: view.getUint32(at + 42, true),
  };
  widen(entry, view, at + 46 + lengths[0], lengths[1]);
  entry.header += shift;
  return entry;
}

/** Sizes beyond four bytes stand in an extra field. */
function widen(entry, view, from, length) {
  for (let at = from; at + 4 <= from + length; ) {
    const kind = view.getUint16(at, true);
    const size = view.getUint16(at + 2, true);
    let value = at + 4;
    for (const field of kind === 1 ? ["size", "packed", "header"] : []) {
      if (entry[field] === 0xffffffff) {
        entry[field] = Number(view.getBigUint64(value, true));
        value += 8;
      }
    }
    at += 4 + size;
  }
}

function entryName(raw, flags) {
  if (flags & 0x800) return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw);
  return Array.from(raw, (byte) => (byte < 128 ? String.fromCharCode(byte) : DATA.encodings.cp437[byte - 128])).join("");
}

/** Every file of the archive by its name (JS009, JS027); no more of it than the directory says, whose sizes are within the limit. */
async function unpack(bytes, entries) {
  const files = new Map();
  for (const entry of entries) {
    if (entry.name.endsWith("/")) continue;
    if (files.has(entry.name)) throw refuse("JS027");
    files.set(entry.name, await unpackOne(bytes, entry));
  }
  return files;
}

async function unpackOne(bytes, entry) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = entry.header;
  if (at < 0 || at + 30 > bytes.length || view.getUint32(at, true) !== 0x04034b50) throw refuse("JS009");
  const nameEnd = at + 30 + view.getUint16(at + 26, true);
  const start = nameEnd + view.getUint16(at + 28, true);
  const named = bytes.subarray(at + 30, nameEnd);
  const same = named.length === entry.raw.length && named.every((byte, i) => byte === entry.raw[i]);
  if (!same || start + entry.packed > Math.min(bytes.length, entry.end)) throw refuse("JS009");
  const packed = bytes.subarray(start, start + entry.packed);
  const chunks = entry.method === 0 ? stored(packed, entry) : await inflated(packed, entry);
  if (crc32(chunks) !== entry.crc) throw refuse("JS009");
  return joined(chunks);
}

function stored(packed, entry) {
  return [packed.subarray(0, entry.size)];
}

/** The content as far as the directory says it reaches; a directory that says too little is found by the checksum. */
async function inflated(packed, entry) {
  if (entry.method === 12 || entry.method === 14) throw new Unread("unread_packing");
  if (entry.method !== 8) throw refuse("JS009");
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const chunks = [];
  let size = 0;
  try {
    while (size < entry.size) {
      const step = await reader.read();
      if (step.done) break;
      chunks.push(step.value.subarray(0, entry.size - size));
      size += step.value.length;
    }
  } catch {
    throw refuse("JS009");
  }
  await reader.cancel().catch(() => undefined);
  return chunks;
}

function joined(chunks) {
  if (chunks.length === 1) return chunks[0];
  const whole = new Uint8Array(chunks.reduce((sum, c) => sum + c.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
