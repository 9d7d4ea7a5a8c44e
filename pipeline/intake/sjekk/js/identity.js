/* What kind of identity number a text is; never whose, and nothing is derived from its digits.

   Source: Skatteetaten, fødselsnummer and D-number; month + 40 = H-number, month + 80 = synthetic; numbers issued from 2032
   may leave a remainder of 1, 2 or 3 at the first control digit. */

const IDENTITY = DATA.identity;
const PERSON = new RegExp(IDENTITY.person, "g");
const TEN = pattern("^\\d{10}$");
const ELEVEN = pattern("^\\d{11}$");
const TWELVE = pattern("^\\d{12}$");

function weighed(digits, weights) {
  return weights.reduce((sum, weight, at) => sum + weight * (digits.charCodeAt(at) - 48), 0);
}

/** fnr, dnr, hnr, synthetic, duf, ten_digits or invalid; null stays null. */
function identityKind(text) {
  if (text === null) return null;
  if (TEN.test(text)) return "ten_digits";
  if (TWELVE.test(text)) return weighed(text, IDENTITY.duf) % 11 === Number(text.slice(10)) ? "duf" : "invalid";
  return ELEVEN.test(text) ? kindOfEleven(text) : "invalid";
}

function kindOfEleven(text) {
  const written = { day: Number(text.slice(0, 2)), month: Number(text.slice(2, 4)), year: Number(text.slice(4, 6)) };
  const dnr = written.day > 40;
  const hnr = written.month > 40 && written.month <= 60;
  const synthetic = written.month > 80;
  const day = dnr ? written.day - 40 : written.day;
  const month = synthetic ? written.month - 80 : hnr ? written.month - 40 : written.month;
  const controls = IDENTITY.remainders.includes(weighed(text, IDENTITY.k1) % 11) && weighed(text, IDENTITY.k2) % 11 === 0;
  if (!controls || !isDay(day, month, written.year) || (dnr && hnr)) return "invalid";
  return synthetic ? "synthetic" : hnr ? "hnr" : dnr ? "dnr" : "fnr";
}

function isDay(day, month, year) {
  if (month < 1 || month > 12 || day < 1) return false;
  // the century is unknown: 29 February is allowed whenever some century has it
  return day <= IDENTITY.last_day[month] && (month !== 2 || day < 29 || year % 4 === 0);
}

/** Whether the text holds an identity number anywhere: in a run of digits, or written in groups. */
function holdsIdentity(written) {
  const text = inPlainDigits(written);
  for (const run of text.match(/\d{11,}/g) || []) {
    for (let at = 0; at + 11 <= run.length; at += 1) if (kindOfEleven(run.slice(at, at + 11)) !== "invalid") return true;
  }
  const bare = inPlainText(text).replace(new RegExp(IDENTITY.hex_run, "g"), " ");
  return [...bare.matchAll(PERSON)].some((match) => isPersonNumber(match.slice(1).join("")));
}

/** Digits of other scripts as ours, and without the characters that nobody sees. */
function inPlainDigits(text) {
  return text.replace(/\p{Cf}/gu, "").replace(/(?![0-9])\p{Nd}/gu, plainDigit);
}

/** In compatibility form too: raised digits and those in full width, and no marks or control signs upon or between them. */
function inPlainText(text) {
  return inPlainDigits(text.normalize("NFKC")).replace(/(?!\s)[\p{Mn}\p{Me}\p{Cc}]/gu, "");
}

/** Every script has its ten digits in a row: how many stand right below tells which one it is. */
function plainDigit(digit) {
  let below = 0;
  while (/\p{Nd}/u.test(String.fromCodePoint(digit.codePointAt(0) - below - 1))) below += 1;
  return String(below % 10);
}

/** A looser look for shapes, as at the border of the identified zone: day and month of any kind, both control digits. */
function isPersonNumber(digits) {
  if (!/^[0-9]{11}$/.test(digits)) return false;
  const day = Number(digits.slice(0, 2));
  const month = Number(digits.slice(2, 4));
  const dated = day % 40 >= 1 && day % 40 <= 31 && day <= 71 && [0, 40, 80].some((shift) => month - shift >= 1 && month - shift <= 12);
  return dated && weighed(digits, IDENTITY.k1) % 11 <= 3 && weighed(digits, IDENTITY.k2) % 11 === 0;
}
