/* Rules across rows, tables and code lists. Those that earlier deliveries could settle see this file alone: they are shown apart. */

/** Per rule: the rows of a table that break it. `tables` holds every table's typed rows. */
const RELATION_RULES = {
  JS207: (table, rows) => overlapping(spellsOf(table, rows), ["fnr", "prosjekt_id"], (one, other) => one.entity !== other.entity),
  JS208: (table, rows) => overlapping(spellsOf(table, rows), ["fnr", "prosjekt_id", "tiltak_type"], (one, other) => one.entity !== other.entity),
  JS209: (table, rows, tables) => rows.filter((row) => isPlaced(table, row) && participationsOf(row, tables).length === 0),
  JS210: function (table, rows, tables) {
    return rows.filter(function (row) {
      const theirs = isPlaced(table, row) ? participationsOf(row, tables) : [];
      return theirs.length > 0 && !theirs.some((p) => holdsDay(p, dayOf(table, row)));
    });
  },
  JS211: (table, rows) => rows.filter((row) => row.komm_nr !== null && !Object.hasOwn(DATA.municipalities, row.komm_nr)),
  JS212: (table, rows) => rows.filter((row) => isLate(table, row)),
  JS213: (table, rows) => rows.filter((row) => row.bydel_nr !== null && !Object.hasOwn(DATA.districts, row.bydel_nr)),
  JS214: function (table, rows, tables, sender) {
    const owners = table === "prosjekt" ? new Map() : ownersOf(tables, sender);
    return rows.filter((row) => !mayDeliverFor(owners.get(row.prosjekt_id) || sender, row, table === "prosjekt" ? row.bydel_nr : null));
  },
  JS216: function (table, rows, tables) {
    const here = new Set(standing("prosjekt", tables).map((s) => s.row.prosjekt_id));
    return rows.filter((row) => row.prosjekt_id !== null && !here.has(row.prosjekt_id));
  },
  JS219: function (table, rows) {
    const entities = entitiesOf(table, rows);
    const there = new Set(entities.filter((e, at) => e.entity !== null && !isWithdrawing(rows[at])).map((e) => e.entity));
    return rows.filter((row, at) => isWithdrawing(row) && entities[at].entity !== null && !there.has(entities[at].entity));
  },
  JS270: function (table, rows, tables, sender) {
    const owners = ownersOf(tables, sender);
    const owned = spellsOf(table, rows).map((spell) => ({ ...spell, owner: owners.get(spell.row.prosjekt_id) || null })).filter((spell) => spell.owner !== null);
    return overlapping(owned, ["fnr"], (one, other) => one.owner === other.owner && one.row.prosjekt_id !== other.row.prosjekt_id);
  },
  JS276: (table, rows) => fallen(table, rows),
};

/** The rows of a table that would stand if the file were taken in, one per thing: the last of each, unless it withdraws. */
function standing(table, tables) {
  const rows = tables.get(table) || [];
  const latest = new Map();
  entitiesOf(table, rows).forEach((e, at) => e.entity !== null && latest.set(e.entity, { row: rows[at], entity: e.entity }));
  return [...latest.values()].filter((s) => !isWithdrawing(s.row));
}

function spellsOf(table, rows) {
  const spells = standing(table, new Map([[table, rows]])).filter((s) => s.row.start_dato !== null);
  return spells.map((s) => ({ ...s, start: s.row.start_dato, end: s.row.slutt_dato === null ? ENDLESS : s.row.slutt_dato }));
}

/** Rows whose spell meets another of the same person (and what else is the same) in time. */
function overlapping(spells, same, apart) {
  const groups = new Map();
  for (const spell of spells.filter((s) => same.every((c) => s.row[c] !== null))) {
    const key = same.map((c) => spell.row[c]).join("\u001f");
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(spell);
  }
  const met = (one, group) => group.some((other) => apart(one, other) && one.start <= other.end && other.start <= one.end);
  return [...groups.values()].flatMap((group) => group.filter((one) => met(one, group)).map((one) => one.row));
}

/** Assessments with a level of Norwegian far below that of the person's assessment before. */
function fallen(table, rows) {
  const levels = columnOf(table, "norsk_niva").codes;
  const dated = standing(table, new Map([[table, rows]])).filter((s) => s.row.fnr !== null && s.row.dato !== null && levels.includes(s.row.norsk_niva));
  dated.sort((a, b) => a.row.dato - b.row.dato || (a.entity < b.entity ? -1 : 1));
  const last = new Map();
  return dated.filter(function ({ row }) {
    const key = [row.fnr, row.prosjekt_id].join("\u001f");
    const level = levels.indexOf(row.norsk_niva);
    const earlier = last.get(key);
    last.set(key, level);
    return earlier !== undefined && earlier - level >= DATA.levels_fallen;
  }).map((s) => s.row);
}

/** Project to owner as the file says: the sender, or in the central register's export the project's own district or municipality. */
function ownersOf(tables, sender) {
  const owners = new Map();
  for (const [name, rows] of tables) {
    for (const row of name === "innsending" ? [] : rows) {
      const place = name === "prosjekt" ? row.bydel_nr || row.komm_nr : null;
      const owner = sender === DATA.central_register ? place : sender;
      if (owner !== null && row.prosjekt_id !== null && !owners.has(row.prosjekt_id)) owners.set(row.prosjekt_id, owner);
    }
  }
  return owners;
}

function dayOf(table, row) {
  return table === "tiltak" ? row.start_dato : row.dato;
}

function isPlaced(table, row) {
  return !isWithdrawing(row) && row.fnr !== null && row.prosjekt_id !== null && dayOf(table, row) !== null;
}

function participationsOf(row, tables) {
  const index = participationIndex(tables);
  return index.get(JSON.stringify([row.fnr, row.prosjekt_id])) || [];
}

const PARTICIPATIONS = new WeakMap();

function participationIndex(tables) {
  if (!PARTICIPATIONS.has(tables)) {
    const index = new Map();
    for (const { row: p } of standing("deltaker", tables)) {
      if (p.fnr === null || p.prosjekt_id === null || p.start_dato === null) continue;
      const key = JSON.stringify([p.fnr, p.prosjekt_id]);
      if (!index.has(key)) index.set(key, []);
      index.get(key).push(p);
    }
    PARTICIPATIONS.set(tables, index);
  }
  return PARTICIPATIONS.get(tables);
}

function holdsDay(participation, day) {
  const end = participation.slutt_dato === null ? ENDLESS : participation.slutt_dato;
  return day >= participation.start_dato - DATA.days_before_start && day <= end;
}

/** A municipality's number that was not in use at any time that the row concerns. */
function isLate(table, row) {
  if (row.komm_nr === null || !Object.hasOwn(DATA.municipalities, row.komm_nr)) return false;
  const year = row.tilskuddsaar;
  const first = table === "prosjekt" ? (year === null || year === undefined ? null : daysFrom(year, 1, 1)) : row.start_dato;
  const last = table === "prosjekt" ? (first === null ? null : daysFrom(year, 12, 31)) : row.start_dato;
  if (first === null) return false;
  return !DATA.municipalities[row.komm_nr].some((span) => isoDay(span[0]) <= last && (span[1] === null ? ENDLESS : isoDay(span[1])) > first);
}

const LATER_NUMBERS = (function () {
  const later = new Map();
  for (const [from, to] of DATA.changes) {
    if (!later.has(from)) later.set(from, new Set());
    later.get(from).add(to);
  }
  return later;
})();

/** The number itself and every number it later became. */
function successors(number) {
  const reached = new Set([number]);
  for (const n of reached) for (const to of LATER_NUMBERS.get(n) || []) reached.add(to);
  return reached;
}

function sameSender(one, other) {
  return one === other || successors(one).has(other) || successors(other).has(one);
}

/** Whether a sender (or a project's owner) may deliver the row's municipality and district (null is judged by other rules). */
function mayDeliverFor(sender, row, district) {
  const municipality = row.komm_nr;
  if (sender === DATA.central_register || municipality === null) return true;
  if (sender.length === 6) return municipality === DATA.oslo && (district === null || district === sender);
  return sameSender(sender, municipality) || DATA.joint.some((joint) => isJoint(joint, sender, row));
}

function isJoint(joint, sender, row) {
  if (!sameSender(sender, joint.sender) || !sameSender(row.komm_nr, joint.municipality)) return false;
  if (joint.project !== null && row.prosjekt_id !== null && joint.project !== row.prosjekt_id) return false;
  return row.start_dato === null || (isoDay(joint.from) <= row.start_dato && (joint.to === null || row.start_dato < isoDay(joint.to)));
}
