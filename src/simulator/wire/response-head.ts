import type { Clock } from '#contracts';
import type { Script } from '../script.ts';

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Content Too Large',
  422: 'Unprocessable Entity',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
  529: 'Overloaded',
};

export function headText(script: Script, clock: Clock, keepAlive: boolean): string {
  let text = `HTTP/1.1 ${script.status} ${REASONS[script.status] ?? 'Status'}\r\ndate: ${httpDate(clock.now())}\r\n`;
  for (const [name, value] of script.headers) text += `${name}: ${value}\r\n`;
  text +=
    script.length === undefined ? 'transfer-encoding: chunked\r\n' : `content-length: ${script.length}\r\n`;
  return `${text}connection: ${keepAlive ? 'keep-alive' : 'close'}\r\n\r\n`;
}

let second = Number.NaN;
let date = '';
/** Formatting a date costs as much as the rest of the head, and it changes once a second. */
function httpDate(now: number): string {
  const current = Math.floor(now / 1000);
  if (current !== second) {
    second = current;
    date = new Date(now).toUTCString();
  }
  return date;
}
