import { type KeyObject, hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { maxEntries } from '../../platform/memory/max-entries.ts'

/** Whether a key signed a token. Calls `verify` unless a cached result says that it did. */
export type SignatureCache = (key: KeyObject, text: string, verify: () => Promise<boolean>) => Promise<boolean>

/**
 * How many valid signatures are cached; the least recently used is dropped. Each cached signature saves a
 * verification: 2.5 µs of processor time
 * instead of 64.
 */
const maxSignatures = 20_000

/**
 * Creates a cache of valid signatures, by the hash of the whole token: clients send an assertion many times during its
 * lifetime. Only the signature is cached. The caller checks trust, times and claims at every use. Keys are compared as
 * objects, so a key that was fetched again has no cached signatures.
 */
export function createSignatureCache(): SignatureCache {
  const signers = new LRUCache<string, KeyObject>(maxEntries(maxSignatures))
  return async (key, text, verify) => {
    const hashed = hash('sha256', text, 'base64')
    if (signers.get(hashed) === key) return true
    if (!(await verify())) return false
    signers.set(hashed, key)
    return true
  }
}
