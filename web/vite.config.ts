import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// Development only: a server to talk to and a token that stands in for the session cookie. Neither reaches a build.
const server = process.env.MEDITRACK_SERVER ?? 'http://127.0.0.1:3000';
const token = process.env.MEDITRACK_TOKEN;
const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
const proxied = { target: server, headers, changeOrigin: true };

const proxy = { '/fhir': proxied, '/api': proxied, '/readyz': proxied, '/t/': proxied };

export default defineConfig({
  base: '/app/',
  plugins: [react()],
  build: {
    target: 'es2023',
    // Nothing is inlined: the content security policy allows no data: scripts, and files are cached for ever.
    assetsInlineLimit: 0,
    manifest: 'manifest.json',
    // The notices that the licences of bundled packages ask for.
    license: { fileName: 'licenses.txt' },
    chunkSizeWarningLimit: 700,
    // The patient portal and public booking are pages of their own, with nothing of the clinicians' screens.
    rollupOptions: { input: ['index.html', 'portal/index.html', 'book/index.html'] },
  },
  server: { proxy },
  preview: { proxy },
  test: { include: ['src/**/*.test.{ts,tsx}'], environment: 'node', pool: 'threads', maxWorkers: 2 },
});
