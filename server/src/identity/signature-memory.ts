import { type KeyObject, hash } from 'node:crypto'

/** Whether a key signed a token: `verify` is asked, unless it was found before that it did. */
export type SignatureMemory = (key: KeyObject, text: string, verify: () => Promise<boolean>) => Promise<boolean>

/** How many tokens are remembered. */
const memoryLimit = 20_000

/**
 * Remembers whose signatures held, by the hash of the whole token: clients send an assertion again and again while it
 * lives. It is the signature alone that is remembered. Who is trusted, times and claims are to be looked at every time,
 * and keys are told apart as objects: one that was fetched anew has signed nothing yet.
 */
export function createSignatureMemory(): SignatureMemory {
  const signers = new Map<string, KeyObject>()
  return async (key, text, verify) => {
    const hashed = hash('sha256', text, 'base64')
    if (signers.get(hashed) === key) return true
    if (!(await verify())) return false
    if (signers.size >= memoryLimit) signers.delete(signers.keys().next().value ?? '')
    signers.set(hashed, key)
    return true
  }
}
