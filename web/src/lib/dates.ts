/**
 * Clinical dates: FHIR dates keep the precision they have, and are shown as 14-Jul-1945 with a 24-hour clock.
 */

/** Years, months and days between two calendar dates. */
export interface Age {
  years: number;
  months: number;
  days: number;
}

interface Calendar {
  year: number;
  month?: number;
  day?: number;
}

const DATE = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?/;

/** The calendar parts of a FHIR date or dateTime, as written (no time zone is applied). */
export function calendar(date: string): Calendar | undefined {
  const found = DATE.exec(date);
  if (!found) return undefined;
  const [, year, month, day] = found;
  return { year: Number(year), month: month ? Number(month) : undefined, day: day ? Number(day) : undefined };
}

/** True for `1980`, `1980-02` and real days, false for the 30th of February. */
export function isFhirDate(text: string): boolean {
  if (!/^\d{4}(-\d{2}(-\d{2})?)?$/.test(text)) return false;
  const { year, month, day } = calendar(text) as Calendar;
  if (month === undefined) return true;
  if (month < 1 || month > 12) return false;
  return day === undefined || (day >= 1 && day <= daysIn(year, month));
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** Age at `on`. Missing parts of the birth date count as their first day, so the age is never too low. */
export function age(birth: string, on: string): Age | undefined {
  const from = calendar(birth);
  const to = calendar(on);
  if (!from || !to) return undefined;
  let years = to.year - from.year;
  let months = (to.month ?? 1) - (from.month ?? 1);
  let days = (to.day ?? 1) - (from.day ?? 1);
  if (days < 0) {
    months -= 1;
    const before = (to.month ?? 1) === 1 ? { year: to.year - 1, month: 12 } : { year: to.year, month: (to.month ?? 1) - 1 };
    days = Math.max(0, daysIn(before.year, before.month) - (from.day ?? 1)) + (to.day ?? 1);
  }
  if (months < 0) {
    years -= 1;
    months += 12;
  }
  return years < 0 ? undefined : { years, months, days };
}

/** Today in the given zone (by default the viewer's) as `YYYY-MM-DD`. */
export function today(now = new Date(), timeZone?: string): string {
  return new Intl.DateTimeFormat('en-CA', { year: 'numeric', month: '2-digit', day: '2-digit', timeZone }).format(now);
}

const months = new Map<string, string[]>();

function monthName(locale: string, month: number): string {
  let names = months.get(locale);
  if (!names) {
    const format = new Intl.DateTimeFormat(locale, { month: 'short', timeZone: 'UTC' });
    names = Array.from({ length: 12 }, (_, index) => {
      const name = format.format(Date.UTC(2000, index, 1)).replace('.', '');
      return name.charAt(0).toLocaleUpperCase(locale) + name.slice(1);
    });
    months.set(locale, names);
  }
  return names[month - 1] ?? '';
}

/** `14-Jul-1945`, `Jul-1945` or `1945`: no part is invented. */
export function formatDate(date: string, locale: string): string {
  if (/T/.test(date)) return formatDate(today(new Date(date)), locale);
  const parts = calendar(date);
  if (!parts) return date;
  const { year, month, day } = parts;
  const shown = [day?.toString().padStart(2, '0'), month && monthName(locale, month), year.toString().padStart(4, '0')];
  return shown.filter(Boolean).join('-');
}

/** `14-Jul-1945 09:30` in the viewer's zone; a date without time stays a date. */
export function formatDateTime(moment: string, locale: string): string {
  if (!/T/.test(moment)) return formatDate(moment, locale);
  const at = new Date(moment);
  if (Number.isNaN(at.getTime())) return moment;
  const time = [at.getHours(), at.getMinutes()].map((part) => part.toString().padStart(2, '0')).join(':');
  return `${formatDate(today(at), locale)} ${time}`;
}

/** Moment for sorting and plotting; a date without time is its first moment in UTC. */
export function instant(moment: string | undefined): number {
  if (!moment) return Number.NaN;
  return Date.parse(/T/.test(moment) ? moment : `${moment}-01-01`.slice(0, 10));
}

/** Now as a FHIR instant with the viewer's offset. */
export function now(at = new Date()): string {
  const offset = -at.getTimezoneOffset();
  const sign = offset < 0 ? '-' : '+';
  const [hours, minutes] = [Math.trunc(Math.abs(offset) / 60), Math.abs(offset) % 60];
  const pad = (part: number) => part.toString().padStart(2, '0');
  const local = new Date(at.getTime() + offset * 60_000).toISOString().slice(0, 19);
  return `${local}${sign}${pad(hours)}:${pad(minutes)}`;
}

/** A date that somebody typed: `1945-07-14`, `14/7/45`, `14.07.1945`, `14-Jul-1945`; day before month. */
export function typedDate(text: string, on = today()): string | undefined {
  const iso = text.trim();
  if (/^\d{4}-\d{2}-\d{2}$/.test(iso)) return isFhirDate(iso) ? iso : undefined;
  const found = /^(\d{1,2})[./-](\d{1,2}|[a-z]{3})[./-](\d{4}|\d{2})$/i.exec(iso);
  if (!found) return undefined;
  const [, day = '', middle = '', end = ''] = found;
  const month = /\d/.test(middle) ? Number(middle) : MONTHS.indexOf(middle.toLowerCase()) + 1;
  const century = Math.trunc(Number(on.slice(0, 4)) / 100) * 100;
  const short = century + Number(end);
  const year = end.length === 4 ? Number(end) : short > Number(on.slice(0, 4)) ? short - 100 : short;
  const date = `${year}-${month.toString().padStart(2, '0')}-${day.padStart(2, '0')}`;
  return isFhirDate(date) ? date : undefined;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
