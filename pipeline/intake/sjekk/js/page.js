/* The page itself: sender, file, languages. What it answers is written by `answer.js`. */

let language = DATA.languages[0];
let last = null; // what is on the page: the receipt, or the key of a message, and what it is about
let turn = 0;
let chosen = null; // the file, so that it is checked when the sender is named after it

function say(key) {
  return DATA.texts[language][key];
}

function byId(id) {
  return document.getElementById(id);
}

function placesOf() {
  const municipalities = Object.entries(DATA.municipality_names).filter(([number]) => DATA.municipalities[number].some((span) => span[1] === null));
  return [...municipalities, ...Object.entries(DATA.districts), [DATA.central_register, CENTRAL_REGISTER_NAME]].sort((a, b) => (a[0] < b[0] ? -1 : 1));
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
  const about = { file: file.name, sender: sender, day: todayInOslo() };
  show({ said: "reading", about: about });
  await new Promise((done) => setTimeout(done, 0));
  const said = await answerTo(file, sender, about.day);
  if (mine !== turn) return;
  show({ said: said, about: about });
  byId("decision").scrollIntoView({ block: "nearest" });
}

async function answerTo(file, sender, today) {
  if (!("DecompressionStream" in window)) return "too_old";
  try {
    if (file.size > DATA.limits.file_bytes) return { tables: {}, findings: [found("JS004")], open: [], state: "quarantined", header_row: {}, encoding: {} };
    return await checkDelivery(new Uint8Array(await file.arrayBuffer()), file.name, sender, today);
  } catch (fault) {
    return fault instanceof Unread ? fault.key : "fault";
  }
}

/** Show an answer: a receipt, or the message of a key, with what it is about; null empties the page. */
function show(answer) {
  last = answer;
  const isReceipt = answer !== null && typeof answer.said === "object";
  byId("decision").replaceChildren(...(answer === null ? [] : [answerHead(answer.said, answer.about)]));
  byId("result").replaceChildren(...(isReceipt ? receiptParts(answer.said) : []));
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
