// The server of `moco ui`: gives pages of the runs to browsers on this machine. It reads and never writes.

import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ProblemError } from '../core/problem.ts';
import { refuseRequest } from './check-request.ts';
import { PageCache, type RenderedPage } from './live-page.ts';
import { renderShell } from './pages/shell.ts';
import { findPage } from './routes.ts';
import { openRunsFolder, type RunsFolder } from './runs-folder.ts';

export interface ServeOptions {
  /** Of runs, or of one experiment. */
  readonly folder: string;
  readonly host: string;
  /** 0 takes any that is free. */
  readonly port: number;
}

export interface RunningServer {
  /** `http://127.0.0.1:6161/`. */
  readonly url: string;
  close(): Promise<void>;
}

/** Starts the server. Throws RUNS_FOLDER_MISSING and UI_ADDRESS_UNUSABLE. */
export async function serve({ folder, host, port }: ServeOptions): Promise<RunningServer> {
  const runs = openRunsFolder(folder);
  const pages = new PageCache();
  const server = createServer((request, response) => answer({ request, response }, { runs, pages, host }));
  await listen(server, { host, port });
  const address = server.address() as AddressInfo;
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${name}:${address.port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, { host, port }: Pick<ServeOptions, 'host' | 'port'>): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new ProblemError({
          code: 'UI_ADDRESS_UNUSABLE',
          message: `Expected to listen at ${host}, port ${port}, but the system says ${error.code}.`,
          hint: 'Give another --port (0 takes any that is free), or an address of this machine as --host.',
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
}

interface Served {
  readonly runs: RunsFolder;
  readonly pages: PageCache;
  readonly host: string;
}

const SCRIPT = readFileSync(new URL('live.js', import.meta.url), 'utf8');

/** Nothing is loaded from elsewhere, nothing runs but our own script, and nobody may frame or read a page. */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-cache',
} as const;

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

function answer(exchange: Exchange, served: Served): void {
  const { request, response } = exchange;
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  const refusal = refuseRequest(request, served.host);
  if (refusal) {
    send(exchange, refusal.status, { type: 'text/plain', body: `${refusal.reason}\n` });
    return;
  }
  try {
    respond(exchange, served);
  } catch (error) {
    // One page that can't be drawn must not end the others.
    const title = 'This page cannot be shown';
    const lines = error instanceof ProblemError ? error.problems.flatMap(listLines) : [String(error)];
    send(exchange, 500, {
      type: 'text/html',
      body: renderShell({ title, path: [], note: lines.join('\n') }, []),
    });
  }
}

const listLines = ({ code, message, hint }: ProblemError['problems'][number]) => [
  `${code}: ${message}`,
  ...(hint ? [hint] : []),
];

function respond(exchange: Exchange, { runs, pages }: Served): void {
  const { request } = exchange;
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (url.pathname === '/live.js') {
    send(exchange, 200, { type: 'text/javascript', body: SCRIPT });
    return;
  }
  const page = pages.get(`${url.pathname}${url.search}`, () => findPage(url, runs));
  if (page) {
    sendPage(exchange, page);
    return;
  }
  const note = 'There is no such run in this folder.';
  const body = renderShell({ title: 'Not found', path: [], note }, []);
  send(exchange, 404, { type: 'text/html', body });
}

function sendPage(exchange: Exchange, { body, etag }: RenderedPage): void {
  const { request, response } = exchange;
  response.setHeader('ETag', etag);
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304).end();
    return;
  }
  send(exchange, 200, { type: 'text/html', body });
}

function send(
  { request, response }: Exchange,
  status: number,
  { type, body }: { readonly type: string; readonly body: string },
): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { 'Content-Type': `${type}; charset=utf-8`, 'Content-Length': bytes.length });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}
