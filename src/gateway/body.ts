import { err, type Failure, ok, type Result } from '#contracts';

const MIB = 1024 ** 2;

/** Reads a request body up to `max` bytes; a declared length beyond it is refused before a byte is read. */
export async function readBody(request: Request, max: number): Promise<Result<Uint8Array>> {
  const declared = request.headers.get('content-length');
  if (declared !== null && Number(declared) > max) return err(tooLarge(max, Number(declared)));
  try {
    if (declared !== null) return ok(await request.bytes());
    return await readUnannounced(request, max);
  } catch {
    return err(broken);
  }
}

/** A chunked body says its size only by ending. */
async function readUnannounced(request: Request, max: number): Promise<Result<Uint8Array>> {
  if (!request.body) return ok(new Uint8Array(0));
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of request.body) {
    size += part.length;
    if (size > max) return err(tooLarge(max));
    parts.push(part);
  }
  return ok(parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts));
}

const tooLarge = (max: number, size?: number): Failure => ({
  kind: 'too_large',
  origin: 'client',
  retryable: false,
  hint: `The body${size === undefined ? '' : ` of ${(size / MIB).toFixed(1)} MiB`} is over the limit of ${(max / MIB).toFixed(0)} MiB (limits.body); send less, or refer to files by id or URL.`,
});

const broken: Failure = {
  kind: 'client_left',
  origin: 'client',
  retryable: false,
  hint: 'The body broke off before its end.',
};
