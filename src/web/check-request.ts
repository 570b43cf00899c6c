// Which requests are answered. Pages read a user's files, so a page of somebody else's, shown by the same browser,
// must not get at them: its requests carry the name of its own host, also where that name was made to lead here
// (DNS rebinding). Addresses made of numbers can't be led anywhere.

import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import os from 'node:os';

/** Why a request is refused. */
export interface Refusal {
  readonly status: 403 | 405;
  readonly reason: string;
}

/** @param host what the server is bound to */
export function refuseRequest(request: IncomingMessage, host: string): Refusal | undefined {
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return { status: 405, reason: 'Runs are shown, not changed: only GET and HEAD are answered.' };
  if (!isOwnHost(request.headers.host ?? '', host))
    return { status: 403, reason: 'The Host header names another host than this server.' };
  return undefined;
}

/** The port may be another, as through a tunnel. */
function isOwnHost(header: string, host: string): boolean {
  const name = header.replace(/:\d+$/, '').toLowerCase();
  const own = ['localhost', '127.0.0.1', '[::1]', host.toLowerCase(), `[${host.toLowerCase()}]`];
  if (own.includes(name)) return true;
  return (
    !isLoopback(host) && (isIP(name.replace(/^\[(.*)\]$/, '$1')) > 0 || name === os.hostname().toLowerCase())
  );
}

/** Whether only this machine reaches a server that is bound to it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
