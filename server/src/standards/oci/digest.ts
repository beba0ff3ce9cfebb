declare const brand: unique symbol

/** A content digest in its one canonical spelling: `sha256:` with 64 or `sha512:` with 128 lower-case hex digits. */
export type Digest = string & { readonly [brand]: 'Digest' }

/** The algorithms that content may be addressed by. [OCI image-spec, Registered Algorithms] */
export type DigestAlgorithm = 'sha256' | 'sha512'

const pattern = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/

/**
 * Takes `text` for a digest only if it is one to the letter: an algorithm we compute, its exact length, lower-case hex.
 * Anything looser would give one content two names. [OCI image-spec, Digests]
 */
export function parseDigest(text: string): Digest | undefined {
  return isDigest(text) ? text : undefined
}

/** The algorithm before the colon. */
export function digestAlgorithm(digest: Digest): DigestAlgorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256'
}

/** The hex digits after the colon; safe as a file name. */
export function digestHex(digest: Digest): string {
  return digest.slice('sha256:'.length)
}

function isDigest(text: string): text is Digest {
  return pattern.test(text)
}
