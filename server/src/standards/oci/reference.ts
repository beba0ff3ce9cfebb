import { type Digest, parseDigest } from './digest.ts'

declare const brand: unique symbol

/** A name that is moved from manifest to manifest within one repository. */
export type Tag = string & { readonly [brand]: 'Tag' }

/** What stands behind `/manifests/`: a tag or a digest. */
export type Reference =
  { readonly kind: 'tag'; readonly tag: Tag } | { readonly kind: 'digest'; readonly digest: Digest }

const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/

/** Takes `text` for a tag if it has the specification's grammar. [OCI distribution-spec, Pulling manifests] */
export function parseTag(text: string): Tag | undefined {
  return isTag(text) ? text : undefined
}

/** Reads a reference. A tag cannot hold a colon and a digest must, so that no text is both. */
export function parseReference(text: string): Reference | undefined {
  const digest = parseDigest(text)
  if (digest !== undefined) return { kind: 'digest', digest }
  const tag = parseTag(text)
  return tag === undefined ? undefined : { kind: 'tag', tag }
}

/** A reference as a path has it. */
export function referenceText(reference: Reference): string {
  return reference.kind === 'tag' ? reference.tag : reference.digest
}

function isTag(text: string): text is Tag {
  return tagPattern.test(text)
}
