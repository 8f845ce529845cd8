/**
 * JSON made of stored JSON without parsing it: number forms, order and unknown members stay as the caller wrote them.
 * Undefined members are left out.
 */
export function splice(
  members: Readonly<Record<string, Uint8Array | readonly Uint8Array[] | undefined>>,
): Response {
  const parts: (string | Uint8Array<ArrayBuffer>)[] = [];
  const bytes = (body: Uint8Array) => body as Uint8Array<ArrayBuffer>;
  for (const [name, value] of Object.entries(members)) {
    if (value === undefined) continue;
    parts.push(parts.length ? ',' : '{', `${JSON.stringify(name)}:`);
    if (value instanceof Uint8Array) parts.push(bytes(value));
    else {
      parts.push('[');
      for (const [i, body] of value.entries()) parts.push(i ? ',' : '', bytes(body));
      parts.push(']');
    }
  }
  parts.push(parts.length ? '}' : '{}');
  return new Response(new Blob(parts), { headers: { 'content-type': 'application/json; charset=utf-8' } });
}
