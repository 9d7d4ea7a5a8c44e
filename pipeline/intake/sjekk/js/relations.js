/* Rules across tables and code lists. Those that earlier deliveries could settle see this file alone: they are shown apart. */

/** Per rule: the rows of a table that break it. `tables` holds every table's typed rows. */
const RELATION_RULES = {
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
  JS214: (table, rows, tables, sender) => rows.filter((row) => !mayDeliverFor(sender, row.komm_nr, table === "prosjekt" ? row.bydel_nr : null)),
  JS216: function (table, rows, tables) {
    const here = new Set((tables.get("prosjekt") || []).map((row) => row.prosjekt_id));
    return rows.filter((row) => row.prosjekt_id !== null && !here.has(row.prosjekt_id));
  },
  JS219: function (table, rows) {
    const entities = entitiesOf(table, rows);
    const there = new Set(entities.filter((e, at) => e.entity !== null && !isWithdrawing(rows[at])).map((e) => e.entity));
    return rows.filter((row, at) => isWithdrawing(row) && entities[at].entity !== null && !there.has(entities[at].entity));
  },
};

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
    for (const p of tables.get("deltaker") || []) {
      if (isWithdrawing(p) || p.fnr === null || p.prosjekt_id === null || p.start_dato === null) continue;
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

/** Whether a sender may deliver for that municipality and district (null is judged by other rules). */
function mayDeliverFor(sender, municipality, district) {
  if (sender === DATA.central_register || municipality === null) return true;
  if (sender.length === 6) return municipality === DATA.oslo && (district === null || district === sender);
  return sameSender(sender, municipality) || DATA.joint.some(([a, k]) => sameSender(sender, a) && sameSender(municipality, k));
}
