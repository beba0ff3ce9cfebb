/** A DER element: its tag, and its content. */
export type Element = { readonly tag: number; readonly content: Buffer }

/** Encodes one DER element. The content of a constructed element is a concatenation of elements. [X.690 §8.1] */
export function element(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents)
  return Buffer.concat([Buffer.from([tag, ...lengthBytes(content.length)]), content])
}

function lengthBytes(length: number): number[] {
  if (length < 0x80) return [length]
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return [0x80 | bytes.length, ...bytes]
}

/** Encodes an object identifier in dotted form. [X.690 §8.19] */
export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...others] = dotted.split('.').map(Number)
  return element(0x06, Buffer.from([first * 40 + second, ...others].flatMap(base128)))
}

function base128(value: number): number[] {
  const bytes = [value % 128]
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift((rest % 128) | 0x80)
  return bytes
}

/** Parses consecutive DER elements. */
export function elements(der: Buffer): Element[] {
  const found: Element[] = []
  for (let at = 0; at < der.length;) {
    const tag = der.readUInt8(at)
    const first = der.readUInt8(at + 1)
    const lengthSize = first > 0x7f ? first & 0x7f : 0
    const start = at + 2 + lengthSize
    const end = start + (lengthSize === 0 ? first : der.readUIntBE(at + 2, lengthSize))
    found.push({ tag, content: der.subarray(start, end) })
    at = end
  }
  return found
}

/** Returns the content of a single DER element. */
export function contentOf(der: Buffer): Buffer {
  return elements(der)[0]?.content ?? Buffer.alloc(0)
}
