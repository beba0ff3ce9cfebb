import { isAddress } from '../../shell/address.ts'

/** What a text that is searched for can name. */
export type SearchQuery = {
  /** In lower case: names of registries and repositories are. */
  readonly text: string
  /** A repository with a tag or digest, if the text has this form. */
  readonly image: { readonly repository: string; readonly reference: string } | undefined
  readonly isBareDigest: boolean
}

const minLength = 2

/** Reads a text that is searched for. Undefined if it is too short. */
export function parseQuery(typed: string): SearchQuery | undefined {
  const whole = typed.trim()
  if (whole.length < minLength) return undefined
  const [, repository = '', tag, digest] = /^([^:@]+)(?::([^@]+)|@(.+))$/.exec(whole) ?? []
  const reference = tag ?? digest ?? ''
  const isImage = repository !== '' && isAddress({ registry: 'any', repository, reference })
  const isBareDigest = /^sha(?:256|512):[0-9a-f]+$/.test(whole)
  return {
    text: whole.toLowerCase(),
    image: isImage && !isBareDigest ? { repository, reference } : undefined,
    isBareDigest,
  }
}
