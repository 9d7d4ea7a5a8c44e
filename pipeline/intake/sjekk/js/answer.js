/* How an answer is written on the page: decision, rows, findings. Everything is text; no value of the file is ever shown. */

const COUNTS = ["rows_in", "accepted", "quarantined", "withdrawn", "duplicates"];
const SIGNS = { accepted: "=\u00a0", quarantined: "+\u00a0", withdrawn: "+\u00a0", duplicates: "+\u00a0" }; // rows in the file = the other columns
const CENTRAL_REGISTER_NAME = "IMDi";

/** A new element with a class and children (texts or elements). */
function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** The answer's head: the decision or a message, and below it what was checked, for whom and when. */
function answerHead(said, about) {
  const box = typeof said === "object" ? verdict(said) : element("div", "verdict", element("p", "", say(said)));
  box.append(aboutList(about));
  return box;
}

/** File, sender and day, so that a printout says what it is about; the file's name is shown as text alone. */
function aboutList(about) {
  const day = new Intl.DateTimeFormat(say("locale"), { dateStyle: "long", timeZone: "UTC" }).format(new Date(`${about.day}T00:00:00Z`));
  const facts = [["checked_file", about.file], ["checked_sender", senderNamed(about.sender)], ["checked_day", day]];
  return element("dl", "about", ...facts.map(([key, value]) => element("div", "", element("dt", "", say(key)), element("dd", "", element("bdi", "", value)))));
}

function senderNamed(sender) {
  const name = DATA.municipality_names[sender] || DATA.districts[sender];
  return name ? `${sender} ${name}` : CENTRAL_REGISTER_NAME;
}

function verdict(receipt) {
  const held = Object.values(receipt.tables).reduce((sum, t) => sum + t.quarantined, 0);
  const remarks = receipt.state === "accepted_with_remarks";
  const explained = remarks && held === 0 ? "remarks_only" : receipt.state;
  const decided = remarks && held > 0 ? "partly" : receipt.state;
  const box = element("div", `verdict ${receipt.state}`, element("h2", "", say("decisions")[decided]), element("p", "", say("explanations")[explained]));
  if (receipt.open.length) box.append(element("p", "", say("open_note")));
  return box;
}

function receiptParts(receipt) {
  const parts = [];
  if (Object.keys(receipt.tables).length) parts.push(element("h2", "", say("rows")), element("p", "", say("rows_intro")), rowsTable(receipt));
  parts.push(element("h2", "", say("findings")));
  if (!receipt.findings.length) parts.push(element("p", "", say("no_findings")));
  parts.push(...ruleBoxes(receipt.findings));
  if (receipt.open.length) parts.push(element("h2", "", say("open")), element("p", "", say("open_help")), ...ruleBoxes(receipt.open));
  const button = element("button", "", say("print"));
  button.type = "button";
  button.addEventListener("click", () => window.print());
  parts.push(element("p", "again", say("print_or_again")), button);
  return parts;
}

/** Rows by table, the optional ones last as in the template, and in all. */
function rowsTable(receipt) {
  const names = say("columns");
  const more = ["header_row", "encoding"].filter((key) => Object.keys(receipt[key]).length);
  const heads = ["table", ...COUNTS, ...more].map(function (key) {
    const head = element("th", "", (SIGNS[key] || "") + names[key]);
    head.scope = "col";
    return head;
  });
  const inFile = [false, true].flatMap((optional) => DATA.table_names.filter((name) => name in receipt.tables && DATA.tables[name].optional === optional));
  const lines = inFile.map((name) => rowOf("", name, [...COUNTS.map((key) => receipt.tables[name][key]), ...more.map((key) => receipt[key][name] || "–")]));
  const sums = COUNTS.map((key) => inFile.reduce((sum, name) => sum + receipt.tables[name][key], 0));
  lines.push(rowOf("total", say("total"), [...sums, ...more.map(() => "")]));
  const box = element("div", "wide", element("table", "", element("thead", "", element("tr", "", ...heads)), element("tbody", "", ...lines)));
  box.tabIndex = 0;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", say("rows"));
  return box;
}

function rowOf(className, name, values) {
  const first = element("th", "", name);
  first.scope = "row";
  return element("tr", className, first, ...values.map((value) => element("td", "", String(value))));
}

/** One box per rule with every place where it is broken; the gravest first, then by code, as on the receipt. */
function ruleBoxes(findings) {
  const gravity = (code) => SEVERITIES.indexOf(DATA.rules[code].severity);
  const codes = [...new Set(findings.map((f) => f.code))].sort((a, b) => gravity(b) - gravity(a) || (a < b ? -1 : 1));
  return codes.map(function (code) {
    const rule = DATA.rules[code];
    const text = rule.texts[language];
    const places = findings.filter((f) => f.code === code).map((f) => element("li", "", ...placeOfFinding(f)));
    const title = element("h3", "", element("span", "code", `${capital(DATA.severity_names[rule.severity][language])} ${code}:`), ` ${text.message}`);
    const mend = element("p", "", element("strong", "", `${say("mend")}: `), text.fix);
    return element("section", `finding ${rule.severity}`, title, element("ul", "", ...places), element("p", "", text.why), mend);
  });
}

function capital(word) {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function placeOfFinding(finding) {
  const parts = [];
  if (finding.table) parts.push(`${say("in_table")} `, element("strong", "", finding.table));
  if (finding.table && finding.column) parts.push(`, ${say("in_column")} `, element("strong", "", finding.column));
  if (!finding.table && finding.column) parts.push(`${say("about")} ${finding.column}`);
  if (parts.length) parts.push(". ");
  parts.push(`${say("count")}: ${finding.count}.`);
  if (finding.rows.length) parts.push(` ${say("at_rows")} ${finding.rows.join(", ")}${finding.count > finding.rows.length ? ` ${say("and_more")}` : ""}.`);
  return parts;
}
