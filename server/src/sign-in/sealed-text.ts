import { type Sealer, SealedValueError } from '../platform/keys/sealing.ts'

/** Seals a value into text for a form or an address. It opens in the same context alone. */
export function sealText(sealer: Sealer, value: unknown, context: string): string {
  return sealer.seal(JSON.stringify(value), context).toString('base64url')
}

/** The value again, of the type that was sealed; undefined for text that was not sealed in this context, is longer, or is spelt in another way. */
export function openText(
  sealer: Sealer,
  text: string,
  { context, longest }: { readonly context: string; readonly longest: number },
): unknown {
  if (text.length > longest) return undefined
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.toString('base64url') !== text) return undefined
  try {
    return JSON.parse(sealer.open(bytes, context).toString())
  } catch (error) {
    if (error instanceof SealedValueError) return undefined
    throw error
  }
}
