/* Rules within one row and among the rows of one delivery. */

const DAYS = Object.fromEntries(Object.entries(DATA.days).map(([name, text]) => [name, isoDay(text)]));
const SCHEME = DATA.scheme.map((rule) => ({ name: rule.name, value: rule.value, from: isoDay(rule.from), to: rule.to === null ? ENDLESS : isoDay(rule.to) }));

/** `a < b`, false when either is missing. */
function before(a, b) {
  return a !== null && b !== null && a < b;
}

/** Per rule over the row: whether a row breaks it. `column` is the column the rule names in this table; `today` a day. */
const ROW_RULES = {
  JS201: (row) => before(row.slutt_dato, row.start_dato),
  JS202: (row, column, today) => before(today, row[column]),
  JS203: (row, column, today) => before(today, row[column]),
  JS204: (row, column, today) => before(today, row[column]),
  JS205: (row, column, today) => before(row.fodselsdato, DAYS.earliest_birth) || before(today, row.fodselsdato) || (row.fodselsdato !== null && row.start_dato !== null && row.fodselsdato >= row.start_dato),
  JS206: (row, column) => before(row[column], DAYS.first_year),
  JS230: function (row) {
    const months = wholeMonths(row.fodselsdato, row.start_dato);
    const age = months === null ? null : Math.floor(months / 12);
    return before(age, schemeOn("alder_min", row.start_dato)) || before(schemeOn("alder_max", row.start_dato), age);
  },
  JS231: function (row) {
    const years = schemeOn("intro_karantene", row.start_dato);
    return years !== null && before(wholeMonths(row.intro_avsluttet_dato, row.start_dato), 12 * years);
  },
  JS232: (row) => row.inntektskilde_start === "sosialhjelp" && schemeOn("uten_sosialhjelp", row.start_dato) === 1,
  // the day on which the months are full is the last one; every day after it is too long
  JS233: function (row) {
    const most = schemeOn("varighet_max", row.start_dato);
    return most !== null && row.slutt_dato !== null && wholeMonths(row.start_dato, row.slutt_dato - 1) >= most;
  },
  JS234: (row, column, today) => row.slutt_dato !== null && row.slutt_dato <= today && row.avslutning === null,
  JS235: (row) => row.slutt_dato === null && row.avslutning !== null,
  JS236: (row) => before(row.antall_barn, row.antall_barn_under_6),
  JS237: (row) => before(row.start_dato, row.soknad_dato),
  JS303: (row, column, today, sender) => row.avsender !== null && row.avsender !== sender,
  JS305: (row, column, today) => before(today, row.statusdato),
};

/** The value of a rule of the scheme on a day; null before its first day. */
function schemeOn(name, day) {
  if (day === null) return null;
  return SCHEME.filter((rule) => rule.name === name && day >= rule.from && day < rule.to).reduce((_, rule) => rule.value, null);
}

/** Rules that look at a table's rows together: code to the rows that break it. */
const TABLE_RULES = {
  JS217: (table, rows) => repeated(table, rows).same,
  JS218: (table, rows) => repeated(table, rows).differing,
  JS306: (table, rows) => (rows.length > 1 ? rows : []),
};

function isWithdrawing(row) {
  return row.slettes === "ja";
}

/** Which thing each row is about (`entity`, null when its key is not whole) and its key as text (`natural`). */
function entitiesOf(table, rows) {
  const key = DATA.tables[table].key;
  const found = rows.map(function (row) {
    const natural = key.some((c) => row[c] === null) ? null : ["k", ...key.map((c) => row[c])].join("\u001f");
    const byId = table === "deltaker" && row.prosjekt_id !== null && row.deltakelse_id !== null;
    return { natural: natural, named: byId ? ["i", row.prosjekt_id, row.deltakelse_id].join("\u001f") : null };
  });
  // a participation is known by its id when it has one; rows without the id find the one that another row has named
  const known = new Map();
  for (const f of found) if (f.named !== null && f.natural !== null) known.set(f.natural, f.named);
  return found.map((f) => ({ natural: f.natural, entity: f.named || known.get(f.natural) || f.natural }));
}

/** Rows of one key: later identical ones, or all of them when they differ. */
function repeated(table, rows) {
  const keyed = entitiesOf(table, rows);
  const names = DATA.tables[table].columns.map((c) => c.name);
  const contents = groupBy(keyed.map((k) => k.entity), rows.map((row) => JSON.stringify(names.map((c) => row[c]))));
  const entities = groupBy(keyed.map((k) => k.natural), keyed.map((k) => k.entity));
  const first = new Map();
  keyed.forEach((k, at) => first.set(k.entity, Math.min(first.has(k.entity) ? first.get(k.entity) : Infinity, rows[at].row)));
  const same = [];
  const differing = [];
  keyed.forEach(function (k, at) {
    if (k.entity === null) return;
    const differs = contents.get(k.entity).size > 1 || (k.natural !== null && entities.get(k.natural).size > 1);
    if (differs) differing.push(rows[at]);
    else if (rows[at].row > first.get(k.entity)) same.push(rows[at]);
  });
  return { same: same, differing: differing };
}

function groupBy(keys, values) {
  const groups = new Map();
  keys.forEach(function (key, at) {
    if (!groups.has(key)) groups.set(key, new Set());
    groups.get(key).add(values[at]);
  });
  return groups;
}
