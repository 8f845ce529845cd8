import type { Attachment, Segment } from './asked.ts';

/** `data:image/png;base64,…` into its media type and bytes. */
function dataUrl(url: string): { type: string; data: Buffer } | undefined {
  const match = /^data:([^;,]+)(?:;[^,]*)?;base64,/.exec(url);
  return match
    ? { type: match[1] as string, data: Buffer.from(url.slice(match[0].length), 'base64') }
    : undefined;
}

export function imageFromUrl(url: string): Attachment {
  const inline = dataUrl(url);
  if (!inline) return { kind: 'image', type: 'image', name: url.startsWith('data:') ? 'inline' : url };
  return imageFromBytes(inline.type, inline.data);
}

export const imageFromBytes = (type: string, data: Buffer): Attachment => ({
  kind: 'image',
  type,
  bytes: data.length,
  ...dimensions(data),
});

export const audioFromBase64 = (format: string, data: string): Attachment => ({
  kind: 'audio',
  type: format,
  bytes: Buffer.from(data, 'base64').length,
});

export function fileFrom(
  name: string | undefined,
  data: string | undefined,
  id: string | undefined,
): Attachment {
  const inline = data === undefined ? undefined : dataUrl(data);
  return {
    kind: 'file',
    type: inline?.type ?? 'file',
    name: name ?? id,
    bytes: inline?.data.length ?? (data === undefined ? undefined : Buffer.from(data, 'base64').length),
  };
}

/** Width and height from the first bytes of PNG, GIF, JPEG and WebP (VP8X and VP8 lossy). */
export function dimensions(data: Buffer): { width: number; height: number } | undefined {
  if (data.length < 16) return undefined;
  if (data.readUInt32BE(0) === 0x89504e47 && data.length >= 24)
    return { width: data.readUInt32BE(16), height: data.readUInt32BE(20) };
  if (data.toString('latin1', 0, 3) === 'GIF')
    return { width: data.readUInt16LE(6), height: data.readUInt16LE(8) };
  if (data.readUInt16BE(0) === 0xffd8) return jpeg(data);
  if (data.toString('latin1', 8, 12) === 'WEBP' && data.length >= 30) {
    const chunk = data.toString('latin1', 12, 16);
    if (chunk === 'VP8X') return { width: 1 + data.readUIntLE(24, 3), height: 1 + data.readUIntLE(27, 3) };
    if (chunk === 'VP8 ')
      return { width: data.readUInt16LE(26) & 0x3fff, height: data.readUInt16LE(28) & 0x3fff };
  }
  return undefined;
}

/** Walks the segments to the first start-of-frame; C4, C8 and CC are tables, not frames. */
function jpeg(data: Buffer): { width: number; height: number } | undefined {
  let at = 2;
  while (at + 9 < data.length && data[at] === 0xff) {
    const marker = data[at + 1] as number;
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      return { height: data.readUInt16BE(at + 5), width: data.readUInt16BE(at + 7) };
    at += 2 + data.readUInt16BE(at + 2);
  }
  return undefined;
}

/**
 * What an attachment costs. Images: Anthropic's published `width * height / 750`, used for both dialects so that a bill
 * can be reconciled by hand; unknown size counts as 1024 x 1024. Audio: ten tokens a second at 16 kB/s. Files: by size.
 */
export function mediaOf(attachment: Attachment): Segment['media'] & object {
  if (attachment.kind === 'image')
    return {
      kind: 'image',
      tokens: Math.min(1600, Math.ceil(((attachment.width ?? 1024) * (attachment.height ?? 1024)) / 750)),
    };
  if (attachment.kind === 'audio')
    return { kind: 'audio', tokens: Math.max(1, Math.ceil((attachment.bytes ?? 0) / 1600)) };
  return { kind: 'file', tokens: Math.ceil((attachment.bytes ?? 4000) / 4) };
}
