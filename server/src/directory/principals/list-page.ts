/** A condition of a list. The values are keys: ids and names in lower case. */
export type Condition<By> = { readonly by: By; readonly value: string }

/** The objects that a list contains. */
export type Page<AnyCondition> = {
  readonly conditions: readonly AnyCondition[]
  /** Only the objects that belong to this principal; undefined for all objects. */
  readonly visibleTo: { readonly objectId: string; readonly appId: string } | undefined
  /** Only objects whose id is greater than this id. */
  readonly after: string
  readonly limit: number
}

/** Every text with a prefix is less than the prefix followed by this character. */
export const lastCharacter = '\u{10ffff}'
