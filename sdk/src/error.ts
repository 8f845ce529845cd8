/** What went wrong, and what to do about it. Every method of the SDK rejects with this and with nothing else, but for an abort. */
export class MidwatchError extends Error {
  override readonly name = 'MidwatchError';
  /** For programs: `unauthorized`, `database_down`, `bad_request`, …; `unreachable` when nothing answered. */
  readonly code: string;
  /** For people: the next step. */
  readonly hint: string;
  /** HTTP status; 0 when nothing answered. */
  readonly status: number;
  /** Milliseconds to wait before another try, when the server said so. */
  readonly retryAfter?: number;

  constructor(
    message: string,
    about: {
      readonly code: string;
      readonly hint: string;
      readonly status: number;
      readonly retryAfter?: number;
      readonly cause?: unknown;
    },
  ) {
    super(message, { cause: about.cause });
    this.code = about.code;
    this.hint = about.hint;
    this.status = about.status;
    if (about.retryAfter !== undefined) this.retryAfter = about.retryAfter;
  }
}

/** Reads the error body of an answer; something in between (a proxy, another server on the port) may have written another. */
export async function readError(response: Response): Promise<MidwatchError> {
  const text = await response.text().catch(() => '');
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  const retryAfter = Number.isFinite(seconds) ? { retryAfter: seconds * 1000 } : {};
  const error = parse(text);
  if (error)
    return new MidwatchError(error.message, {
      code: error.code,
      hint: error.hint,
      status: response.status,
      ...retryAfter,
    });
  return new MidwatchError(`${response.url} answered ${response.status} without saying why.`, {
    code: 'not_midwatch',
    hint: 'Check that baseUrl points at Midwatch itself and that nothing in between answers for it.',
    status: response.status,
    ...retryAfter,
  });
}

function parse(text: string): { code: string; message: string; hint: string } | undefined {
  try {
    const { error } = JSON.parse(text) as { error?: Record<string, unknown> };
    // Where a model is asked, the error is in the words of the vendor, who may know no code but a type.
    const code = error?.code ?? error?.type;
    if (typeof code !== 'string' || typeof error?.message !== 'string') return undefined;
    return { code, message: error.message, hint: String(error.hint ?? '') };
  } catch {
    return undefined;
  }
}
