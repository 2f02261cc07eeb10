/** Patients opened in this tab, by id only: names stay on the server. */

const KEY = 'recent-patients';
const MOST = 8;

export function recentPatients(): string[] {
  try {
    const ids: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? '[]');
    return Array.isArray(ids) ? ids.filter((id): id is string => typeof id === 'string') : [];
  } catch {
    return [];
  }
}

export function rememberPatient(id: string): void {
  const ids = [id, ...recentPatients().filter((other) => other !== id)].slice(0, MOST);
  sessionStorage.setItem(KEY, JSON.stringify(ids));
}
