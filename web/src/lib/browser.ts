/** Browsers by their names: what they send of themselves is for nobody to read. */

const BROWSERS = [
  [/\bEdg(?:e|A|iOS)?\/(\d+)/, 'Edge'],
  [/\bOPR\/(\d+)/, 'Opera'],
  [/\b(?:Firefox|FxiOS)\/(\d+)/, 'Firefox'],
  [/\b(?:Headless)?Chrom(?:e|ium)\/(\d+)/, 'Chrome'],
  [/\bCriOS\/(\d+)/, 'Chrome'],
  [/\bVersion\/(\d+).*Safari/, 'Safari'],
] as const;

const SYSTEMS = [
  [/iPhone|iPad/, 'iOS'],
  [/Android/, 'Android'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/CrOS/, 'ChromeOS'],
  [/Linux|X11/, 'Linux'],
] as const;

/** `Chrome 156, Linux`; what is not known stays as it was sent. */
export function browserName(agent: string): string {
  const [pattern, name] = BROWSERS.find(([one]) => one.test(agent)) ?? [];
  const system = SYSTEMS.find(([one]) => one.test(agent))?.[1];
  if (!pattern || !name) return agent;
  return [`${name} ${pattern.exec(agent)?.[1] ?? ''}`, system].filter(Boolean).join(', ');
}
