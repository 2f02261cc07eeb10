// Refuses a build whose first load or any route is heavier than agreed (gzip, JavaScript and CSS).
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const KILO = 1024;
const ENTRY = 200 * KILO;
const ROUTE = 130 * KILO;
/** Pages of their own, for telephones and other people's sites. */
const SMALL = 120 * KILO;

const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('manifest.json', dist), 'utf8'));
const sizes = new Map();

const size = (file) => {
  if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(new URL(file, dist))).length);
  return sizes.get(file);
};

/** Files that loading `key` loads. */
function files(key, seen = new Set(), found = new Set()) {
  if (seen.has(key)) return found;
  seen.add(key);
  const chunk = manifest[key];
  found.add(chunk.file);
  for (const css of chunk.css ?? []) found.add(css);
  for (const next of chunk.imports ?? []) files(next, seen, found);
  return found;
}

const total = (set) => [...set].reduce((sum, file) => sum + size(file), 0);
const pages = Object.keys(manifest).filter((key) => manifest[key].isEntry);
const rows = pages.map((key) => [key, total(files(key)), key === 'index.html' ? ENTRY : SMALL]);
const entry = files('index.html');
for (const [key, chunk] of Object.entries(manifest)) {
  if (!chunk.isDynamicEntry) continue;
  const own = [...files(key)].filter((file) => !entry.has(file));
  rows.push([key, total(own), ROUTE]);
}

let heavy = false;
for (const [name, bytes, limit] of rows) {
  const over = bytes > limit;
  heavy ||= over;
  console.log(`${(bytes / KILO).toFixed(1).padStart(7)} kB of ${limit / KILO} kB  ${name}${over ? '  TOO HEAVY' : ''}`);
}
process.exit(heavy ? 1 : 0);
