/* Days as whole numbers from 1 January 1970, in the calendar that dates are written in. */

const ENDLESS = daysFrom(9999, 12, 31);

function daysFrom(year, month, day) {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const ofEra = y - era * 400;
  const ofYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146097 + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear - 719468;
}

function civil(days) {
  const z = days + 719468;
  const era = Math.floor(z / 146097);
  const ofEra = z - era * 146097;
  const yearOfEra = Math.floor((ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36524) - Math.floor(ofEra / 146096)) / 365);
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * ofYear + 2) / 153);
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  return [yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, ofYear - Math.floor((153 * shifted + 2) / 5) + 1];
}

/** The day that exists in the calendar, else null. */
function calendarDay(year, month, day) {
  if (!(year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= 31)) return null;
  const days = daysFrom(year, month, day);
  const [y, m, d] = civil(days);
  return y === year && m === month && d === day ? days : null;
}

/** A day of the catalogue (2024-02-01); null and empty stay null. */
function isoDay(text) {
  return text ? daysFrom(Number(text.slice(0, 4)), Number(text.slice(5, 7)), Number(text.slice(8, 10))) : null;
}

/** Whole months from one day to a later one; null when either is missing. */
function wholeMonths(earlier, later) {
  if (earlier === null || later === null) return null;
  const a = civil(earlier);
  const b = civil(later);
  return (b[0] - a[0]) * 12 + b[1] - a[1] - (b[2] < a[2] ? 1 : 0);
}
