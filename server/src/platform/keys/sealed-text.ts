import { type Sealer, SealedValueError } from './sealing.ts'

/** Seals a value as text for a form or an address. The text can be opened only in the same context. */
export function sealText(sealer: Sealer, value: unknown, context: string): string {
  return sealer.seal(JSON.stringify(value), context).toString('base64url')
}

/**
 * Opens sealed text. Undefined if the text was not sealed in this context, is longer than `maxLength`, or is not in its
 * canonical encoding. The caller must cast the value to the type that was sealed.
 */
export function openText(
  sealer: Sealer,
  text: string,
  { context, maxLength }: { readonly context: string; readonly maxLength: number },
): unknown {
  if (text.length > maxLength) return undefined
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.toString('base64url') !== text) return undefined
  try {
    return JSON.parse(sealer.open(bytes, context).toString())
  } catch (error) {
    if (error instanceof SealedValueError) return undefined
    throw error
  }
}
