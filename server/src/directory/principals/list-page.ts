/** A condition of a list. Values are keys: ids and names in lower case. */
export type Condition<By> = { readonly by: By; readonly value: string }

/** Which objects a list shows. */
export type Page<AnyCondition> = {
  readonly conditions: readonly AnyCondition[]
  /** Only the objects of this principal; undefined for all. */
  readonly visibleTo: { readonly objectId: string; readonly appId: string } | undefined
  /** Only objects with a greater id. */
  readonly after: string
  readonly limit: number
}

/** Every text with a prefix is less than the prefix followed by this character. */
export const lastCharacter = '\u{10ffff}'
