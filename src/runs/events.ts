/** Takes a stream of server-sent events apart, whatever its chunks; comments, ids and retries are not passed on. */
export function eventReader(take: (name: string, data: string) => void): {
  push(chunk: Uint8Array): void;
  /** An event without its blank line counts, too: what was said was said. */
  end(): void;
} {
  const decoder = new TextDecoder();
  let rest = '';
  let name = '';
  let data: string[] = [];
  const line = (text: string) => {
    if (text === '') {
      if (data.length > 0) take(name, data.join('\n'));
      name = '';
      data = [];
      return;
    }
    const colon = text.indexOf(':');
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? '' : text.slice(text[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'data') data.push(value);
    else if (field === 'event') name = value;
  };
  return {
    push(chunk) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? '';
      for (const text of lines) line(text);
    },
    end() {
      line(rest.replace(/\r$/, ''));
      line('');
      rest = '';
    },
  };
}

/** One event as it goes out; data of several lines takes several fields. */
export function writeEvent(seq: number, name: string, data: string): string {
  const lines = data.split('\n').map((text) => `data: ${text}\n`);
  return `id: ${seq}\n${name === '' ? '' : `event: ${name}\n`}${lines.join('')}\n`;
}
