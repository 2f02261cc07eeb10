// Tokens per second of two authorization servers, in one run: the meditrack binary and npm oidc-provider, both asked
// by wrk over the same number of connections for client_credentials and for introspection.
//
//   node identity.mjs MEDITRACK OIDC_PROVIDER_FOLDER [SECONDS] [CONNECTIONS]
//
// meditrack keeps revocations in PostgreSQL; oidc-provider keeps everything in its own memory, which forgets.

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [binary, folder, seconds = '5', connections = '16'] = process.argv.slice(2);
const root = fileURLToPath(new URL('../..', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'meditrack-bench-'));
const ended = [];

/** Starts a program; resolves to what `ready` finds in its output. */
function start(command, args, env, ready) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } });
  ended.push(() => new Promise((resolve) => { child.once('exit', resolve); child.kill('SIGINT'); }));
  return new Promise((resolve, reject) => {
    let said = '';
    child.once('exit', () => reject(new Error(`${command} ended: ${said}`)));
    child.stdout.on('data', (chunk) => {
      said += chunk;
      const found = ready(said);
      if (found) resolve(found);
    });
  });
}

/** Posts a form; the answer as JSON. */
async function form(url, basic, fields) {
  const headers = { authorization: basic, 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await fetch(url, { method: 'POST', headers, body: new URLSearchParams(fields) });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Requests per second; every answer must be a success. */
function rate(url, basic, fields) {
  const script = join(work, 'load.lua');
  writeFileSync(script, `wrk.method = "POST"\nwrk.headers["Authorization"] = "${basic}"\nwrk.headers["Content-Type"] = "application/x-www-form-urlencoded"\nwrk.body = "${new URLSearchParams(fields)}"\n`);
  const told = execFileSync('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '30s', '-s', script, url], { encoding: 'utf8' });
  if (told.includes('Non-2xx')) throw new Error(`some requests were refused: ${told}`);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(told)?.[1]);
}

const basicOf = (id, secret) => `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`;

/** Our server, as a demonstration with its own database. */
async function ours() {
  const data = join(work, 'data');
  const limits = Object.fromEntries(['CLIENT_PER_SECOND', 'CLIENT_BURST', 'TENANT_PER_SECOND', 'TENANT_BURST'].map((name) => [`MEDITRACK__LIMITS__${name}`, '1000000']));
  const args = ['demo', '--data-dir', data, '--listen', '127.0.0.1:0', '--samples', join(root, 'samples')];
  const url = await start(binary, args, limits, (said) => said.includes('Stop with') && /serves (http:\/\/[^/\s]+)\//.exec(said)?.[1]);
  const file = join(work, 'client.json');
  writeFileSync(file, JSON.stringify({ client_name: 'bench', grant_types: ['client_credentials'], response_types: [], scope: 'system/*.rs' }));
  const told = execFileSync(binary, ['provider', '--data-dir', data, 'client', file], { encoding: 'utf8' });
  const [id, secret] = ['client_id', 'client_secret'].map((name) => new RegExp(`^${name}\\s+(\\S+)$`, 'm').exec(told)?.[1]);
  return { token: `${url}/t/demo/oauth2/token`, introspect: `${url}/t/demo/oauth2/introspect`, basic: basicOf(id, secret), scope: 'system/*.rs' };
}

/** The other one, with the same grant and an opaque token. */
async function theirs() {
  const script = join(work, 'peer.mjs');
  writeFileSync(script, `
import { createServer } from 'node:http';
import Provider from ${JSON.stringify(join(folder, 'node_modules/oidc-provider/lib/index.js'))};
const server = createServer().listen(0, '127.0.0.1', () => {
  const issuer = 'http://127.0.0.1:' + server.address().port;
  const provider = new Provider(issuer, {
    clients: [{ client_id: 'bench', client_secret: 'a-secret-of-the-benchmark-only-0123456789', grant_types: ['client_credentials'], response_types: [], redirect_uris: [] }],
    features: { clientCredentials: { enabled: true }, introspection: { enabled: true }, devInteractions: { enabled: false } },
    scopes: ['read'],
  });
  server.on('request', provider.callback());
  console.log('serves ' + issuer);
});
`);
  const quiet = { NODE_NO_WARNINGS: '1', NODE_ENV: 'production' };
  const url = await start(process.execPath, [script], quiet, (said) => /serves (\S+)/.exec(said)?.[1]);
  return { token: `${url}/token`, introspect: `${url}/token/introspection`, basic: basicOf('bench', 'a-secret-of-the-benchmark-only-0123456789'), scope: 'read' };
}

async function measure({ token, introspect, basic, scope }) {
  const grant = { grant_type: 'client_credentials', scope };
  const { access_token: issued } = await form(token, basic, grant);
  const told = await form(introspect, basic, { token: issued });
  if (told.active !== true) throw new Error('a fresh token is not active');
  return [rate(token, basic, grant), rate(introspect, basic, { token: issued })];
}

try {
  const servers = [['meditrack', ours], ['oidc-provider', theirs]];
  console.log(`${'per second'.padEnd(16)}${'client_credentials'.padStart(20)}${'introspection'.padStart(16)}`);
  for (const [name, begin] of servers) {
    const [credentials, introspections] = await measure(await begin());
    console.log(`${name.padEnd(16)}${credentials.toFixed(0).padStart(20)}${introspections.toFixed(0).padStart(16)}`);
    await ended.pop()();
  }
} finally {
  for (const end of ended) await end();
  rmSync(work, { recursive: true, force: true });
}
