declare const brand: unique symbol

/** A content digest in canonical form: `sha256:` with 64 or `sha512:` with 128 lower-case hex digits. */
export type Digest = string & { readonly [brand]: 'Digest' }

/** The supported algorithms. [OCI image-spec, Registered Algorithms] */
export type DigestAlgorithm = 'sha256' | 'sha512'

const pattern = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/

/**
 * Parses a digest: a supported algorithm, the exact length, and lower-case hex. With other spellings, the same content
 * would have two names. [OCI image-spec, Digests]
 */
export function parseDigest(text: string): Digest | undefined {
  return isDigest(text) ? text : undefined
}

/** The algorithm before the colon. */
export function digestAlgorithm(digest: Digest): DigestAlgorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256'
}

/** The hex digits after the colon, which are safe as a file name. */
export function digestHex(digest: Digest): string {
  return digest.slice('sha256:'.length)
}

function isDigest(text: string): text is Digest {
  return pattern.test(text)
}
