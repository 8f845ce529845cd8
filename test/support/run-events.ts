/** Reads server-sent events as an EventSource does: ids, names, data; and lets go of the connection as soon as it has enough. */
export interface SeenEvent {
  readonly seq: number;
  readonly name: string;
  readonly data: string;
}

export async function watchRun(
  url: string,
  options: { readonly after?: number; readonly take?: number; readonly dropAt?: number } = {},
): Promise<SeenEvent[]> {
  const answer = await fetch(url, {
    headers: options.after === undefined ? {} : { 'last-event-id': String(options.after) },
  });
  if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
  const seen: SeenEvent[] = [];
  let text = '';
  let read = 0;
  const decoder = new TextDecoder();
  for await (const part of answer.body ?? []) {
    text += decoder.decode(part, { stream: true });
    read += part.length;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const fields = text.slice(0, end).split('\n');
      text = text.slice(end + 2);
      const field = (name: string) =>
        fields.filter((f) => f.startsWith(`${name}: `)).map((f) => f.slice(name.length + 2));
      const [id] = field('id');
      if (id === undefined) continue;
      seen.push({ seq: Number(id), name: field('event')[0] ?? '', data: field('data').join('\n') });
      // Leaving the loop closes the connection.
      if (seen.length === options.take) return seen;
    }
    // Within an event, as likely as not: what is not whole was not seen.
    if (read >= (options.dropAt ?? Number.POSITIVE_INFINITY)) return seen;
  }
  return seen;
}
