import { type Digest, parseDigest } from './digest.ts'

declare const brand: unique symbol

/** A name of a manifest in a repository. It can be moved to another manifest. */
export type Tag = string & { readonly [brand]: 'Tag' }

/** A reference to a manifest: a tag or a digest. */
export type Reference =
  { readonly kind: 'tag'; readonly tag: Tag } | { readonly kind: 'digest'; readonly digest: Digest }

const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/

/** Parses a tag by the specification's grammar. [OCI distribution-spec, Pulling manifests] */
export function parseTag(text: string): Tag | undefined {
  return isTag(text) ? text : undefined
}

/** Parses a reference. A tag never contains a colon, and a digest always does, so no text is both. */
export function parseReference(text: string): Reference | undefined {
  const digest = parseDigest(text)
  if (digest !== undefined) return { kind: 'digest', digest }
  const tag = parseTag(text)
  return tag === undefined ? undefined : { kind: 'tag', tag }
}

/** The text of a reference in a path. */
export function referenceText(reference: Reference): string {
  return reference.kind === 'tag' ? reference.tag : reference.digest
}

function isTag(text: string): text is Tag {
  return tagPattern.test(text)
}
