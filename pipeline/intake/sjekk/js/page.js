/* The page itself: sender, file, decision, findings. Everything is written as text; no value of the file is ever shown. */

const COUNTS = ["rows_in", "accepted", "quarantined", "withdrawn", "duplicates"];
let language = DATA.languages[0];
let last = null; // the receipt on the page, or the key of a message
let turn = 0;
let chosen = null; // the file, so that it is checked when the sender is named after it

function say(key) {
  return DATA.texts[language][key];
}

function byId(id) {
  return document.getElementById(id);
}

/** A new element with a class and children (texts or elements). */
function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function placesOf() {
  const municipalities = Object.entries(DATA.municipality_names).filter(([number]) => DATA.municipalities[number].some((span) => span[1] === null));
  return [...municipalities, ...Object.entries(DATA.districts), [DATA.central_register, "IMDi"]].sort((a, b) => (a[0] < b[0] ? -1 : 1));
}

/** The sender that the field names by number or by name, else null. */
function senderChosen() {
  const written = byId("sender").value.trim();
  const number = written.split(/\s/)[0].toLowerCase();
  if (Object.hasOwn(DATA.municipalities, number) || Object.hasOwn(DATA.districts, number) || number === DATA.central_register) return number;
  const named = placesOf().filter(([, name]) => written && name.toLowerCase() === written.toLowerCase());
  return named.length === 1 ? named[0][0] : null;
}

/** Today where deliveries are received, as 2024-02-01. */
function todayInOslo() {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Oslo", year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date());
}

async function checkChosen(file) {
  chosen = file;
  const sender = senderChosen();
  byId("sender-wrong").textContent = sender === null ? say("sender_wrong") : "";
  byId("sender").setAttribute("aria-invalid", String(sender === null));
  if (sender === null) {
    byId("sender").focus();
    return;
  }
  turn += 1;
  const mine = turn;
  show("reading");
  await new Promise((done) => setTimeout(done, 0));
  const answer = await answerTo(file, sender);
  if (mine !== turn) return;
  show(answer);
  byId("decision").scrollIntoView({ block: "nearest" });
}

async function answerTo(file, sender) {
  if (!("DecompressionStream" in window)) return "too_old";
  try {
    if (file.size > DATA.limits.file_bytes) return { tables: {}, findings: [found("JS004")], open: [], state: "quarantined", header_row: {}, encoding: {} };
    return await checkDelivery(new Uint8Array(await file.arrayBuffer()), file.name, sender, todayInOslo());
  } catch (fault) {
    return fault instanceof Unread ? fault.key : "fault";
  }
}

/** Show a receipt, or the message of that key; null empties the page. */
function show(answer) {
  last = answer;
  const isReceipt = answer !== null && typeof answer === "object";
  byId("decision").replaceChildren(...(answer === null ? [] : [isReceipt ? verdict(answer) : element("div", "verdict", element("p", "", say(answer)))]));
  byId("result").replaceChildren(...(isReceipt ? receiptParts(answer) : []));
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
  if (Object.keys(receipt.tables).length) parts.push(element("h2", "", say("rows")), rowsTable(receipt));
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

function rowsTable(receipt) {
  const names = say("columns");
  const more = ["header_row", "encoding"].filter((key) => Object.keys(receipt[key]).length);
  const heads = ["table", ...COUNTS, ...more].map(function (key) {
    const head = element("th", "", names[key]);
    head.scope = "col";
    return head;
  });
  const lines = Object.entries(receipt.tables).map(function ([name, counts]) {
    const first = element("th", "", name);
    first.scope = "row";
    const told = [...COUNTS.map((key) => counts[key]), ...more.map((key) => receipt[key][name] || "–")];
    return element("tr", "", first, ...told.map((value) => element("td", "", String(value))));
  });
  const box = element("div", "wide", element("table", "", element("thead", "", element("tr", "", ...heads)), element("tbody", "", ...lines)));
  box.tabIndex = 0;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", say("rows"));
  return box;
}

/** One box per rule, in the order of the findings, with every place where it is broken. */
function ruleBoxes(findings) {
  const codes = [...new Set(findings.map((f) => f.code))];
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

function notCheckedList() {
  const groups = [...Object.entries(DATA.not_checked), ["open", DATA.open_codes]];
  const parts = groups.map(function ([why, codes]) {
    const items = codes.map((code) => element("li", "", element("strong", "", code), ` ${DATA.rules[code].texts[language].message} `, element("span", "why", DATA.rules[code].texts[language].why)));
    return [element("h3", "", say("reasons")[why]), element("ul", "", ...items)];
  });
  return [element("p", "", say("not_checked_help")), ...parts.flat(), element("ul", "", ...say("also").map((text) => element("li", "", text)))];
}

function speak(chosen) {
  language = chosen;
  document.documentElement.lang = chosen;
  document.title = `${say("title")} – Jobbsjansen`;
  for (const place of document.querySelectorAll("[data-text]")) place.textContent = say(place.dataset.text);
  byId("not-checked-list").replaceChildren(...notCheckedList());
  byId("version").textContent = `${say("version")} ${DATA.file_description}, ${say("rules_version")} ${DATA.rules_version}`;
  if (byId("sender-wrong").textContent) byId("sender-wrong").textContent = say("sender_wrong");
  show(last);
}

function start() {
  for (const code of DATA.languages) {
    const option = element("option", "", DATA.texts[code].language);
    option.value = code;
    option.lang = code;
    byId("language").append(option);
  }
  for (const [number, name] of placesOf()) {
    const option = element("option", "");
    option.value = `${number} ${name}`;
    byId("senders").append(option);
  }
  byId("language").addEventListener("change", (event) => speak(event.target.value));
  byId("sender").addEventListener("change", () => chosen && checkChosen(chosen));
  byId("file").addEventListener("click", (event) => (event.target.value = "")); // the mended file has the same name
  byId("file").addEventListener("change", (event) => event.target.files.length && checkChosen(event.target.files[0]));
  const drop = byId("drop");
  for (const name of ["dragover", "drop"]) document.addEventListener(name, (event) => event.preventDefault());
  document.addEventListener("dragover", () => drop.classList.add("over"));
  document.addEventListener("dragleave", () => drop.classList.remove("over"));
  document.addEventListener("drop", function (event) {
    drop.classList.remove("over");
    if (event.dataTransfer.files.length) checkChosen(event.dataTransfer.files[0]);
  });
  window.addEventListener("beforeprint", () => (byId("not-checked").open = true));
  speak(language);
}

start();
// What tests ask: the same answer as the page gives, for bytes and a day of their own, and the texts it was made from.
window.sjekk = { check: checkDelivery, read: readDelivery, codes: implementedCodes, unread: (fault) => (fault instanceof Unread ? fault.key : null) };
