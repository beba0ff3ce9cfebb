/** Control characters except line feeds and tabs, and characters that are invisible or change the order of a line. */
const unsafe = /[^\P{Cc}\n\t]|\p{Cf}/gu

const unsafeInJson = /[\p{Cc}\p{Cf}\u2028\u2029]/gu

/** Replaces unsafe characters, so that text from other users is safe to print on a terminal. */
export function terminalText(text: string): string {
  return text.replaceAll(unsafe, '?')
}

/** Like {@link terminalText}, and also replaces line feeds and tabs. */
export function terminalLine(text: string): string {
  return terminalText(text).replaceAll(/[\n\t]/g, '?')
}

/**
 * A text as JSON, in which unsafe characters are escaped. A program that parses the JSON reads the original text. [RFC
 * 8259 §7]
 */
export function jsonString(text: string): string {
  return JSON.stringify(text).replaceAll(unsafeInJson, (each) =>
    each.replaceAll(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  )
}

/** Whether a text has a character that {@link jsonString} escapes. */
export function isUnsafe(text: string): boolean {
  return text.search(unsafeInJson) !== -1
}

/**
 * Escapes the unsafe characters of a YAML document, except line feeds. The characters must be in double quotes. [YAML
 * 1.1 §5.6]
 */
export function escapedInYaml(document: string): string {
  return document.replaceAll(unsafeInJson, (each) => {
    if (each === '\n') return each
    const code = (each.codePointAt(0) ?? 0).toString(16)
    return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`
  })
}
