export interface ServerEvent {
  /** `message` when the server named none. */
  readonly event: string;
  readonly data: string;
}

/**
 * Reads server-sent events (WHATWG HTML, 9.2.6) from chunks cut anywhere. Comments and `retry` are passed over; an event
 * that the end of the stream cuts short is dropped, as the standard says.
 */
export function eventReader(): (chunk: Uint8Array) => ServerEvent[] {
  const decoder = new TextDecoder();
  let rest = '';
  let event = '';
  let data: string[] = [];
  return (chunk) => {
    rest += decoder.decode(chunk, { stream: true });
    const found: ServerEvent[] = [];
    // A carriage return at the very end may be half of a line end, so it waits for the next chunk.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) found.push({ event: event || 'message', data: data.join('\n') });
        event = '';
        data = [];
        continue;
      }
      const colon = line.indexOf(':');
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'event') event = value;
      else if (field === 'data') data.push(value);
    }
    return found;
  };
}
