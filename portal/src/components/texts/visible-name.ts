/** Control characters, and characters that change the direction of the text around them. */
const hidden = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu

/** A name in which every control and bidirectional character is visible, such as `U+202E`. */
export function visibleName(name: string): string {
  return name.replaceAll(
    hidden,
    (character) => `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`,
  )
}
